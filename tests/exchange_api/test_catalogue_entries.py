"""The catalogue entry by entry: what the decree asks for, parts of lists, kept copies, and DCAT read by another."""

import json
import warnings
from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDFS, SKOS

from certificates.types import load_types
from exchange_api.sharing.dcat import described_in_dcat
from exchange_api.sharing.listing import part_of
from registries.contracts.model import Sharing
from registries.departments import load_catalogue
from tests.exchange_api.conftest import HOLDER, TYPE, Certificates, Served

BASE = "https://hub.example"
DCAT_3 = {"DatasetSeries", "inSeries", "version", "previousVersion", "hasVersion", "prev", "first", "last"}
"""Terms that DCAT 3 (W3C Recommendation of 22 August 2024) has beyond DCAT 2, which rdflib knows."""


@pytest.fixture(scope="module")
def graph() -> Graph:
    told = described_in_dcat(BASE, load_catalogue(), load_types(), {}, date(2026, 3, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the reader's own, about a class of its own
        return Graph().parse(data=json.dumps(told), format="json-ld")


def test_every_term_is_one_of_the_vocabularies(graph: Graph) -> None:
    used = {str(term) for term in graph.predicates()} | {str(kind) for kind in graph.objects(None, RDF.type)}
    terms = {str(space) + name for space in (DCTERMS, FOAF, SKOS, RDFS, DCAT) for name in space.__annotations__}
    terms |= {str(DCAT) + name for name in DCAT_3} | {str(RDF.type)}
    assert used <= terms
    assert len(used) > 25


def test_every_dataset_is_complete_and_every_name_leads_somewhere(graph: Graph) -> None:
    catalogue = load_catalogue()
    found = set(graph.subjects(RDF.type, DCAT.Dataset))
    assert {str(one).rpartition("/")[2] for one in found} == {each.name for each in catalogue.datasets}
    for one in found:
        for needed in (DCTERMS.title, DCTERMS.publisher, DCTERMS.accessRights, DCTERMS.accrualPeriodicity):
            assert (one, needed, None) in graph
        (distribution,) = graph.objects(one, DCAT.distribution)
        assert (distribution, RDF.type, DCAT.Distribution) in graph
        (service,) = graph.objects(distribution, DCAT.accessService)
        assert (service, DCAT.servesDataset, one) in graph
        assert (next(graph.objects(one, DCTERMS.publisher)), RDF.type, FOAF.Organization) in graph
    for kind in graph.objects(None, DCAT.theme):
        assert (kind, RDF.type, SKOS.Concept) in graph
    for series in graph.objects(None, URIRef(str(DCAT) + "inSeries")):
        assert (series, RDF.type, URIRef(str(DCAT) + "DatasetSeries")) in graph


@pytest.mark.parametrize(
    ("sharing", "missing"),
    [
        (Sharing("无条件共享", grade="一般数据"), ()),
        (Sharing("无条件共享"), ("grade",)),
        (Sharing("有条件共享", "仅核验"), ("scope", "purpose", "grade")),
        (Sharing("有条件共享", "仅核验", "", "部门", "审批", "", "一般数据"), ()),
        (Sharing("不予共享", "", "某法第一条", grade="重要数据"), ("reason",)),
    ],
)
def test_what_the_decree_asks_for_and_nobody_said_is_told(sharing: Sharing, missing: tuple[str, ...]) -> None:
    assert sharing.missing == missing


def test_no_entry_of_the_hub_lacks_anything() -> None:
    assert [each.name for each in load_catalogue().datasets if each.sharing.missing] == []


def test_parts_of_a_list_give_each_row_once() -> None:
    keyed = {f"k{number:02}": number for number in range(23)}
    after, seen = "", list[int]()
    while True:
        part = part_of(keyed.items(), after, 5)
        seen += part.rows
        if part.next is None:
            break
        after = part.next
    assert seen == list(range(23))


def test_entries_over_http(served: Served, certificates: Certificates) -> None:
    certificates.add("JY14405070012345")
    names = list(_all(served.http, "datasets", "name", 4))
    assert names == sorted(each.name for each in load_catalogue().datasets)
    one = served.http.get("/v1/catalogue/datasets/public_security.residents")
    assert one.json()["sharing"]["class"] == "有条件共享"
    assert one.json()["sharing"]["scope"]
    assert one.json()["sharing"]["missing"] == []
    assert one.json()["grading"] == {"grade": "一般数据", "classification": "sensitive"}
    again = {"if-none-match": one.headers["etag"]}
    assert served.http.get("/v1/catalogue/datasets/public_security.residents", headers=again).status_code == 304
    kind = served.http.get(f"/v1/catalogue/certificate-types/{TYPE}").json()
    assert [item["department"] for item in kind["used_by"]]
    assert list(_all(served.http, "registers", "id", 2)) == sorted(each.id for each in load_catalogue().registers)
    for nothing in ("datasets/x.y", "registers/x", "certificate-types/x"):
        assert served.http.get(f"/v1/catalogue/{nothing}").status_code == 404
    assert served.http.get("/v1/catalogue/datasets", params={"limit": 0}).status_code == 422
    told = served.http.get("/v1/catalogue/dcat")
    assert told.headers["content-type"].startswith("application/ld+json")
    assert HOLDER[0] not in told.text
    assert told.json()["@type"] == "dcat:Catalog"


def _all(http: httpx.Client, what: str, key: str, limit: int) -> Iterator[str]:
    after: str | None = ""
    while after is not None:
        part = http.get(f"/v1/catalogue/{what}", params={"after": after, "limit": limit}).json()
        yield from (row[key] for row in part[what])
        after = part["next"]
