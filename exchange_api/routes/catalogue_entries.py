"""GET /v1/catalogue/...: the catalogue entry by entry, in parts of a list (keyset paging), and in DCAT's terms.

    GET /v1/catalogue/datasets?after=NAME&limit=50      {"datasets": [...], "next": "NAME" or null}
    GET /v1/catalogue/datasets/{name}, /v1/catalogue/registers/{register}, /v1/catalogue/certificate-types/{code}
    GET /v1/catalogue/dcat                              JSON-LD

It is open, as the catalogue as a whole is; copies are kept by ETag.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from certificates.china_time import CHINA
from exchange_api.catalogue import NOTHING_YET, describe, describe_register, standings
from exchange_api.certificate_types import described_type
from exchange_api.errors import NotFound
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sharing.dcat import MEDIA_TYPE, described_in_dcat
from exchange_api.sharing.listing import MOST, part_of
from exchange_api.sign_in import parts_of

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])
After = Annotated[str, Query(max_length=200, description="键在其后 after this key")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="至多 at most")]


@router.get("/datasets", summary="数据资源目录 Datasets")
@open_to(ANYBODY)
def datasets(request: Request, after: After = "", limit: Limit = 50) -> dict[str, Any]:
    """Datasets in the order of their names."""
    parts = parts_of(request)
    part = part_of(((each.name, each) for each in parts.catalogue.datasets), after, limit)
    standing = standings(parts.store_page)
    rows = [describe(each, parts.catalogue, standing.get(each.name, NOTHING_YET)) for each in part.rows]
    return {"datasets": rows, "next": part.next}


@router.get("/datasets/{name}", summary="一项数据资源 One dataset")
@open_to(ANYBODY)
def dataset(request: Request, name: str) -> dict[str, Any]:
    """One dataset's entry."""
    parts = parts_of(request)
    if name not in parts.catalogue:
        raise NotFound("数据资源", "dataset")
    stands = standings(parts.store_page, name).get(name, NOTHING_YET)
    return describe(parts.catalogue.dataset(name), parts.catalogue, stands)


@router.get("/registers", summary="基础库目录 Registers")
@open_to(ANYBODY)
def registers(request: Request, after: After = "", limit: Limit = 50) -> dict[str, Any]:
    """Registers in the order of their ids."""
    catalogue = parts_of(request).catalogue
    keyed = ((each.id, describe_register(each, catalogue)) for each in catalogue.registers)
    return part_of(keyed, after, limit).to_json("registers")


@router.get("/registers/{register}", summary="一个基础库 One register")
@open_to(ANYBODY)
def register(request: Request, register: str) -> dict[str, Any]:
    """One register's entry."""
    catalogue = parts_of(request).catalogue
    found = next((each for each in catalogue.registers if each.id == register), None)
    if found is None:
        raise NotFound("基础库", "register")
    return describe_register(found, catalogue)


@router.get("/certificate-types", summary="证照类型目录 Certificate types")
@open_to(ANYBODY)
def certificate_types(request: Request, after: After = "", limit: Limit = 50) -> dict[str, Any]:
    """Certificate types in the order of their codes, each with the service items that use it."""
    parts = parts_of(request)
    part = part_of(parts.types.items(), after, limit)
    return {"certificate_types": [described_type(each, parts.catalogue) for each in part.rows], "next": part.next}


@router.get("/certificate-types/{code}", summary="一种证照 One certificate type")
@open_to(ANYBODY)
def certificate_type(request: Request, code: str) -> dict[str, Any]:
    """One type's entry."""
    parts = parts_of(request)
    if code not in parts.types:
        raise NotFound("证照类型", "certificate type")
    return described_type(parts.types[code], parts.catalogue)


@router.get("/dcat", summary="目录的 DCAT 表达 The catalogue in DCAT", response_class=Response)
@open_to(ANYBODY)
def dcat(request: Request) -> Response:
    """The catalogue as JSON-LD in DCAT 3's terms."""
    parts = parts_of(request)
    today = parts.clock().astimezone(CHINA).date()
    standing = standings(parts.store_page)
    told = described_in_dcat(parts.settings.issuer, parts.catalogue, parts.types, standing, today)
    return Response(json.dumps(told, ensure_ascii=False), media_type=MEDIA_TYPE)
