"""What the workbench finds among narrow rows, against plain Python over the same rows."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registries.coded_texts import CodedTexts
from registries.compare import narrow, workbench
from registries.compare.engines import LocalEngine
from registries.compare.image import Image, Part
from registries.compare.lookup import Lookup
from registries.compare.narrow import Shape
from registries.compare.workbench import Workbench

SHAPE = Shape(key=("area", "code"), numeric=frozenset({"code"}), content=("area", "code", "name"), unique=(("name",),))
TEXTS = st.none() | st.sampled_from(["", "a", "b", "ab", "1", "01"])
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(SHAPE.content, TEXTS)), max_size=12)
Row = Mapping[str, str | None]
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine() as engine:
        yield engine


@pytest.fixture(params=[workbench.PART_ROWS, 3])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one part, and in several."""
    monkeypatch.setattr(workbench, "PART_ROWS", request.param)


def table(rows: Sequence[Row]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in SHAPE.content})


def bench_of(rows: Sequence[Row], engine: LocalEngine, shape: Shape = SHAPE) -> Workbench:
    bench = Workbench(shape, engine)
    for first in range(0, len(rows) or 1, 5):
        bench.add(shape.narrow(first + 1, table(rows[first : first + 5])))
    return bench


@FEW
@given(rows=ROWS, times=st.integers(3, 9))
def test_columns_that_repeat_have_the_same_hashes(rows: list[Row], times: int) -> None:
    whole = table(rows * times)
    arrays = {name: whole.column(name).combine_chunks().dictionary_encode() for name in SHAPE.content}
    coded = {name: CodedTexts.of(array.dictionary, array.indices) for name, array in arrays.items()}
    plain = SHAPE.narrow(1, whole)
    assert SHAPE.narrow(1, whole, coded).equals(plain)
    assert SHAPE.narrow(1, whole, {"name": coded["name"]}).equals(plain)
    identities = SHAPE.identities(1, whole)
    assert identities.equals(plain.select(identities.column_names))


@FEW
@given(rows=ROWS)
def test_rows_have_one_content_if_all_their_columns_are_equal(rows: list[Row]) -> None:
    contents = SHAPE.narrow(1, table(rows)).column("content").to_pylist()
    pairs = {(str(content_of(row)), content) for row, content in zip(rows, contents, strict=True)}
    assert len(pairs) == len({text for text, _ in pairs}) == len({content for _, content in pairs})


def key_of(row: Row) -> tuple[str, str] | None:
    """Whole numbers by value."""
    area, code = row["area"], row["code"]
    return None if area is None or code is None else (area, "1" if code == "01" else code)


def content_of(row: Row) -> list[str | None]:
    return [row[name] for name in SHAPE.content]


@pytest.mark.usefixtures("parts")
@FEW
@given(rows=ROWS)
def test_rows_that_share_a_key_or_what_should_be_unique(engine: LocalEngine, rows: list[Row]) -> None:
    keys, names = Counter(map(key_of, rows)), Counter(row["name"] for row in rows)
    expected = [
        number
        for number, row in enumerate(rows, 1)
        if (key_of(row) is not None and keys[key_of(row)] > 1) or (row["name"] is not None and names[row["name"]] > 1)
    ]
    assert bench_of(rows, engine).sharing().tolist() == expected


@pytest.mark.usefixtures("parts")
@FEW
@given(before=ROWS, rows=ROWS)
def test_what_differs_from_an_image(engine: LocalEngine, before: list[Row], rows: list[Row]) -> None:
    kept = list({key_of(row): row for row in before if key_of(row) is not None}.values())
    image = Image.of(bench_of(kept, engine).rows)
    found = bench_of(rows, engine).against(image.rows())
    there = list(map(content_of, kept))
    assert found.rows.tolist() == [
        number for number, row in enumerate(rows, 1) if key_of(row) is None or content_of(row) not in there
    ]
    came = {key_of(row) for row in rows}
    absent = Counter((row["area"], row["code"]) for row in kept if key_of(row) not in came)
    assert Counter(zip(*(column.to_pylist() for column in found.absent.columns), strict=True)) == absent
    assert looked_up(image, bench_of(rows, engine).rows) == (found.rows.tolist(), absent)


def looked_up(image: Image, rows: pa.Table) -> tuple[list[int], Counter[tuple[str, str]]]:
    """What a lookup says of the same, asked in chunks."""
    lookup = Lookup(image)
    chunks = [rows.slice(first, 5) for first in range(0, rows.num_rows, 5)]
    unknown = [chunk.filter(pa.array(lookup.unknown(chunk))).column("row_number").to_pylist() for chunk in chunks]
    absent = Counter(zip(*(column.to_pylist() for column in lookup.absent().columns), strict=True))
    return [number for part in unknown for number in part], absent


@FEW
@given(before=ROWS, rows=ROWS)
def test_a_lookup_tells_which_rows_may_share_their_key(engine: LocalEngine, before: list[Row], rows: list[Row]) -> None:
    kept = {key: row for row in before if (key := key_of(row)) is not None}
    lookup, asked = Lookup(Image.of(bench_of(list(kept.values()), engine).rows)), bench_of(rows, engine).rows
    unknown = lookup.unknown(asked).tolist()
    keys, known = Counter(map(key_of, rows)), [row for row, strange in zip(rows, unknown, strict=True) if not strange]
    found = lookup.sharing(asked)
    assert (found is None) == (len({str(content_of(row)) for row in known}) < len(known))
    if found is not None:
        sharing = {number for number, row in enumerate(rows, 1) if key_of(row) is not None and keys[key_of(row)] > 1}
        staged = {number for number, strange in enumerate(unknown, 1) if strange}
        assert sharing <= set(found.tolist()) <= sharing | staged


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1_000, 1_024, 7_000])
@pytest.mark.parametrize("most", [9_999, (1 << 63) - 1], ids=["all begin alike", "all differ"])
def test_hashes_are_found_where_they_are(size: int, most: int) -> None:
    dice = np.random.default_rng(size)
    contents = np.unique(dice.integers(0, most, size, endpoint=True))
    held = dice.random(len(contents)) < 0.9
    part = Part(contents, contents, np.arange(len(contents), dtype=np.int32), pa.table, held)
    wanted = dice.permutation(np.concatenate([contents, dice.integers(0, most, 2_000, endpoint=True), [0, most]]))
    found, places = part.find(wanted)
    where = {content: place for place, content in enumerate(contents.tolist()) if held[place]}
    assert found.tolist() == [content in where for content in wanted.tolist()]
    assert places[found].tolist() == [where[content] for content in wanted[found].tolist()]


@pytest.mark.usefixtures("parts")
@FEW
@given(rows=ROWS, known=st.sets(st.sampled_from(["", "a", "b"])))
def test_values_that_are_not_known(engine: LocalEngine, rows: list[Row], known: set[str]) -> None:
    bench = bench_of(rows, engine, replace(SHAPE, refers=("name",)))
    strange = bench.strange(0, narrow.values(pa.array(sorted(known), pa.string())))
    expected = [number for number, row in enumerate(rows, 1) if row["name"] is not None and row["name"] not in known]
    assert strange.tolist() == expected


def test_neighbouring_columns_do_not_run_into_each_other() -> None:
    rows = [{"area": "a", "code": "b", "name": None}, {"area": "ab", "code": "", "name": None}]
    content = SHAPE.narrow(1, table(rows)).column("content").to_pylist()
    assert content[0] != content[1]
