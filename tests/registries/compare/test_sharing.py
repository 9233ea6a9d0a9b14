"""Rows that share what should be unique are found from a landed delivery before it is judged."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from registries import landed_writing
from registries.compare.engines import LocalEngine
from registries.compare.narrow import Shape
from registries.compare.placing import within
from registries.compare.sharing import sharing
from registries.connectors.files import DeliveredFile
from registries.connectors.rows import sources
from registries.contracts.model import RuleSpec
from registries.departments import load_catalogue
from registries.landing import Landing

ENTERPRISES = load_catalogue().dataset("market_regulation.enterprises")
UNIQUE = RuleSpec("one_name", 2, "uniqueness", "0501", "unique", "", {}, ("name",), "", "", "")
ROWS = [("A", "one"), ("B", "two"), (" a", "three"), ("", "four"), ("C", "two"), ("", "five"), ("D", "six"), ("B", "7")]


@pytest.mark.parametrize(("rules", "expected"), [((), [1, 2, 3, 8]), ((UNIQUE,), [1, 2, 3, 5, 8])])
def test_keys_are_compared_in_their_canonical_form_across_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: tuple[RuleSpec, ...], expected: list[int]
) -> None:
    monkeypatch.setattr(landed_writing, "GROUP_ROWS", 3)
    dataset = replace(ENTERPRISES, rules=rules)
    names = [column.name for column in dataset.columns]
    lines = [",".join({"uscc": key, "name": name}.get(column, "") for column in names) for key, name in ROWS]
    content = ("\n".join([",".join(sources(dataset)), *lines]) + "\n").encode(dataset.encoding)
    landing = Landing(tmp_path, bytes(32))
    landed = landing.land(1, DeliveredFile(dataset, "enterprises.csv", lambda: io.BytesIO(content)))
    assert landed.chunks == 3
    with LocalEngine() as engine:
        found = sharing(engine, dataset, landing, landed)
    assert found.tolist() == expected
    assert Shape.of(dataset).key == ("uscc",)
    assert [within(found, first, 3).tolist() for first in (1, 4, 7)] == [
        [number for number in expected if first <= number < first + 3] for first in (1, 4, 7)
    ]
