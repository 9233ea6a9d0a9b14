"""GET /v1/catalogue: the catalogue (目录) of departments, registers and datasets, without a row of any of them.

It is open, as the hub's keys and its ledger are: whoever wants to ask has to know what there is.
"""

from typing import Any

from fastapi import APIRouter, Request

from exchange_api.catalogue import described, standings
from exchange_api.certificate_types import described_types
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import parts_of

router = APIRouter(tags=["catalogue"])


@router.get("/v1/catalogue", summary="目录 Catalogue")
@open_to(ANYBODY)
def catalogue(request: Request) -> dict[str, Any]:
    """Departments, registers and datasets with their items, sharing, contract version, quality and age."""
    parts = parts_of(request)
    return described(parts.contracts.number(), parts.catalogue, standings(parts.store_page))


@router.get("/v1/certificate-types", summary="证照类型目录 Certificate types")
@open_to(ANYBODY)
def certificate_types(request: Request) -> dict[str, Any]:
    """Certificate types with fields, holders, validity and each ministry's codes; demo codes are said to be such."""
    parts = parts_of(request)
    return described_types(parts.types, parts.catalogue)
