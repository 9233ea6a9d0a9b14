"""The catalogue in the terms of W3C's Data Catalog Vocabulary (DCAT 3), as JSON-LD whose context stands inside.

Datasets are `dcat:Dataset`s, registers are `dcat:DatasetSeries` that they are in, certificate types are themes, and
what the hub answers about them is a `dcat:DataService`. No file is offered: every distribution leads to the service.

    described_in_dcat("https://hub.example", parts.catalogue, parts.types, standing, today)["@type"]
    -> 'dcat:Catalog'
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from certificates.types import CertificateType
from exchange_api.catalogue import FORMATS, NOTHING_YET, Standing, classification_of, format_of
from registries.contracts.model import Dataset, Register
from registries.departments import Catalogue, Department

MEDIA_TYPE: Final = "application/ld+json"
CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes; the context names no address that would have to be fetched."""
Node = dict[str, Any]


def described_in_dcat(
    issuer: str,
    catalogue: Catalogue,
    types: Mapping[str, CertificateType],
    standing: Mapping[str, Standing],
    today: date,
) -> Node:
    """The whole catalogue.

    Args:
        issuer: the hub's address, without a path: the start of every name.
        catalogue: what is published.
        types: certificate types by code.
        standing: how each dataset stands, by name.
        today: by which a department is one that still is.
    """
    base = issuer.rstrip("/")
    service = f"{base}/v1/catalogue/dcat#service"
    registers = [_series(base, each) for each in catalogue.registers]
    datasets = [_dataset(base, service, each, standing.get(each.name, NOTHING_YET)) for each in catalogue.datasets]
    return {
        "@context": CONTEXT,
        "@id": f"{base}/v1/catalogue/dcat",
        "@type": "dcat:Catalog",
        "dct:title": _both("政务数据共享目录", "Catalogue of shared government data"),
        "dct:description": _both(
            "部门、基础库、数据资源和证照类型的目录", "Departments, registers, datasets, certificate types"
        ),
        "dct:publisher": {"@id": base, "@type": "foaf:Organization", "foaf:name": "免证 Mianzheng"},
        "dct:language": ["zh", "en"],
        "dct:modified": _typed(today.isoformat(), "date"),
        "foaf:homepage": {"@id": f"{base}/catalogue"},
        "dcat:themeTaxonomy": {"@id": _scheme(base), "@type": "skos:ConceptScheme"} | _title("证照类型", "Types"),
        "dcat:service": _service(base, service, catalogue),
        "dcat:dataset": [*registers, *datasets],
        "dct:hasPart": [*(_type(base, types[code]) for code in sorted(types)), *_offices(base, catalogue, today)],
    }


def _dataset(base: str, service: str, dataset: Dataset, stands: Standing) -> Node:
    made: Node = {
        "@id": _dataset_id(base, dataset.name),
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.name,
        "dct:title": _both(dataset.title_zh, dataset.title_en),
        "dct:description": _both(dataset.description_zh or dataset.title_zh, dataset.description_en),
        "dct:publisher": {"@id": _office_id(base, dataset.department)},
        "dct:accrualPeriodicity": _frequency(dataset),
        "dct:accessRights": _rights(dataset),
        "dct:conformsTo": {"@id": f"urn:contract:{dataset.contract_id}:{dataset.contract_version}"},
        "dcat:version": dataset.contract_version,
        "dcat:landingPage": {"@id": f"{base}/catalogue/datasets/{dataset.name}"},
        "dcat:keyword": [column.title_zh for column in dataset.stored_columns],
        "dcat:distribution": _distribution(base, service, dataset),
    }
    if stands.data_as_of is not None:
        made["dct:modified"] = _typed(stands.data_as_of.isoformat(), "dateTime")
    if dataset.register is not None:
        made["dcat:inSeries"] = {"@id": _series_id(base, dataset.register.register)}
    if dataset.certificate is not None:
        made["dcat:theme"] = {"@id": _type_id(base, dataset.certificate.type_code)}
    return made


def _distribution(base: str, service: str, dataset: Dataset) -> Node:
    zh, en = FORMATS[format_of(dataset)]
    return {
        "@id": _dataset_id(base, dataset.name) + "-service",
        "@type": "dcat:Distribution",
        "dct:title": _both("经枢纽接口使用", "Through the hub's interface"),
        "dct:format": {"@type": "dct:MediaTypeOrExtent", "rdfs:label": _both(zh, en)},
        "dcat:accessURL": {"@id": f"{base}/applications/new?resource=dataset:{dataset.name}"},
        "dcat:accessService": {"@id": service},
    }


def _rights(dataset: Dataset) -> Node:
    sharing = dataset.sharing
    said = (sharing.sharing_class, sharing.conditions, sharing.scope, sharing.purpose, sharing.legal_basis)
    strictest = f"{sharing.grade}、{classification_of(dataset)}" if sharing.grade else classification_of(dataset)
    label = "；".join(part for part in (*said, sharing.reason, strictest) if part)
    return {"@type": "dct:RightsStatement", "rdfs:label": {"@value": label, "@language": "zh"}}


def _frequency(dataset: Dataset) -> Node:
    days, working = dataset.sla.update_every_days, dataset.sla.working_days
    zh, en = (
        (f"每 {days} 个工作日", f"every {days} working days") if working else (f"每 {days} 天", f"every {days} days")
    )
    return {"@type": "dct:Frequency", "rdfs:label": _both(zh, en)}


def _series(base: str, register: Register) -> Node:
    return {
        "@id": _series_id(base, register.id),
        "@type": "dcat:DatasetSeries",
        "dct:identifier": register.id,
        "dct:title": _both(register.title_zh, register.title_en),
        "dct:publisher": {"@id": _office_id(base, register.department)},
        "dcat:version": register.contract_version,
        "dcat:landingPage": {"@id": f"{base}/catalogue/registers/{register.id}"},
    }


def _service(base: str, service: str, catalogue: Catalogue) -> Node:
    return {
        "@id": service,
        "@type": "dcat:DataService",
        "dct:title": _both("核验、比对、查询接口", "Verification, matching and query"),
        "dcat:endpointURL": {"@id": f"{base}/v1"},
        "dcat:endpointDescription": {"@id": f"{base}/v1/openapi.json"},
        "dcat:servesDataset": [{"@id": _dataset_id(base, each.name)} for each in catalogue.datasets],
    }


def _type(base: str, kind: CertificateType) -> Node:
    return {
        "@id": _type_id(base, kind.code),
        "@type": "skos:Concept",
        "skos:prefLabel": _both(kind.name_zh, kind.name_en),
        "skos:notation": kind.code,
        "skos:inScheme": {"@id": _scheme(base)},
    }


def _offices(base: str, catalogue: Catalogue, today: date) -> list[Node]:
    return [_office(base, each) for each in catalogue.departments if not each.valid_until or each.valid_until >= today]


def _office(base: str, department: Department) -> Node:
    return {
        "@id": _office_id(base, department.id),
        "@type": "foaf:Organization",
        "foaf:name": _both(department.name_zh, department.name_en),
        "dct:identifier": department.uscc or department.id,
    }


def _dataset_id(base: str, name: str) -> str:
    return f"{base}/v1/catalogue/datasets/{name}"


def _series_id(base: str, register: str) -> str:
    return f"{base}/v1/catalogue/registers/{register}"


def _office_id(base: str, department: str) -> str:
    return f"{base}/v1/catalogue/departments/{department}"


def _type_id(base: str, code: str) -> str:
    return f"{base}/v1/catalogue/certificate-types/{code}"


def _scheme(base: str) -> str:
    return f"{base}/v1/certificate-types"


def _title(zh: str, en: str) -> Node:
    return {"dct:title": _both(zh, en)}


def _both(zh: str, en: str) -> list[Node]:
    return [{"@value": text, "@language": language} for text, language in ((zh, "zh"), (en, "en")) if text]


def _typed(value: str, kind: str) -> Node:
    return {"@value": value, "@type": f"xsd:{kind}"}
