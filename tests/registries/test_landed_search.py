"""Keys are found in what was landed by their canonical form, and what is gone is told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from registries.contracts.model import Column
from registries.landed_search import MOST, Place, locate
from registries.landing import Landing
from tests.registries.store.sample_catalogue import make_dataset

KEY = bytes(range(32))
PEOPLE = make_dataset(
    "test_police.people",
    [
        Column("number", "号码", key=True, semantic="citizen_number"),
        Column("no", "序号", "integer", key=True),
        Column("code", "代码", semantic="holder_code", code_type_column="code_type"),
        Column("code_type", "代码类型"),
        Column("later", "后加的列"),
    ],
)
ROWS = [
    ("11010519491231002X", "1", "91110000600037341l", "001"),
    ("440524188001010014", "007", "", "001"),
    ("110105491231002", "-01", "", "111"),  # the same person, as fifteen digits
    (" 11010519491231002x", "8", "", "111"),
]
PERSON = {"11010519491231002X"}


class Given:
    """A source that gives these chunks."""

    def __init__(self, chunks: Sequence[pa.RecordBatch]) -> None:
        self._chunks = chunks

    def original(self) -> None:
        """There is no file."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """What was given."""
        return iter(self._chunks)


def chunk(rows: Sequence[tuple[str, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    names = ("number", "no", "code", "code_type")
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names=names)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, KEY)


def land(landing: Landing, *chunks: pa.RecordBatch) -> dict[str, object]:
    landed = landing.land(7, Given(chunks))  # type: ignore[arg-type] # all that landing asks of a source
    return {"rows": landed.rows, "chunks": landed.chunks, "original": None, "parquet": landed.parquet_path.name}


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({"number": PERSON}, (1, 3, 4)),
        ({"number": PERSON, "no": {"-1"}}, (3,)),
        ({"no": {"7", "8"}}, (2, 4)),
        ({"code": {"91110000600037341L"}}, (1,)),
        ({"number": {"110101199003072316"}}, ()),
        ({"later": {"x"}}, ()),  # landed before the contract had it
    ],
)
def test_rows_are_found_by_canonical_values(
    landing: Landing, tmp_path: Path, wanted: dict[str, set[str]], rows: tuple[int, ...]
) -> None:
    kept = land(landing, chunk(ROWS[:2]), chunk(ROWS[2:]))
    found = locate(landing, tmp_path, 7, kept, PEOPLE, wanted)
    assert found == Place("found" if rows else "not_found", rows)


def test_one_answer_is_bounded(landing: Landing, tmp_path: Path) -> None:
    kept = land(landing, chunk(ROWS[:1] * 50))
    assert len(locate(landing, tmp_path, 7, kept, PEOPLE, {"number": PERSON}).row_numbers) == MOST


def test_what_is_gone_or_damaged_is_told(landing: Landing, tmp_path: Path) -> None:
    kept = land(landing, chunk(ROWS))
    assert locate(landing, tmp_path, 7, None, PEOPLE, {"number": PERSON}).state == "expired"
    file = tmp_path / str(kept["parquet"])
    file.write_bytes(file.read_bytes()[:-9])
    assert locate(landing, tmp_path, 7, kept, PEOPLE, {"number": PERSON}).state == "damaged"
    file.unlink()
    assert locate(landing, tmp_path, 7, kept, PEOPLE, {"number": PERSON}).state == "expired"
