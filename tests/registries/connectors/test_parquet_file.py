"""Parquet: every type as the text that a clerk would write, and memory that stays bounded whatever the file says."""

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registries.connectors import parquet_file
from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.file_faults import CellTooLong, OtherFormat
from registries.connectors.remote_faults import UnreadableColumn
from tests.registries.connectors.shops import NAMES, SHOPS, delivered, rows_of

MOMENT = dt.datetime.fromisoformat("2020-01-31 08:05:03.120000")
NEVER = dt.datetime.fromisoformat("9999-12-31")
MIDNIGHT = dt.datetime.fromisoformat("2020-01-31")


def parquet_of(table: dict[str, object], **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink, **options)
    return sink.getvalue()


def shops_with(name: str, values: Sequence[object], kind: pa.DataType, **options: object) -> bytes:
    columns = {one: pa.nulls(len(values), pa.string()) for one in NAMES}
    return parquet_of({**columns, name: pa.array(values, kind)}, **options)


def read(data: bytes) -> list[dict[str, str | None]]:
    return rows_of(delivered(lambda: io.BytesIO(data), "parquet", "shops.parquet"))


def fault_of(data: bytes) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        read(data)
    assert "秘密" not in str(caught.value), "a fault never shows a value of a row"
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("示例", pa.string(), "示例"),
        ("示例", pa.large_string(), "示例"),
        ("示例", pa.string_view(), "示例"),
        ("示例", pa.dictionary(pa.int8(), pa.string()), "示例"),
        ("示例".encode(), pa.binary(), "示例"),
        (440507199003071234, pa.int64(), "440507199003071234"),
        (2**64 - 1, pa.uint64(), "18446744073709551615"),
        (440507199003071234.0, pa.float64(), "4.405071990030712E+17"),
        (440507.0, pa.float64(), "440507"),
        (12.5, pa.float32(), "12.5"),
        (1e-7, pa.float64(), "0.0000001"),
        (float("nan"), pa.float64(), None),
        (Decimal("12.50"), pa.decimal128(38, 2), "12.50"),
        (Decimal(1200), pa.decimal128(10, 2), "1200.00"),
        (True, pa.bool_(), "true"),
        (MIDNIGHT.date(), pa.date32(), "2020-01-31"),
        (MIDNIGHT.date(), pa.date64(), "2020-01-31"),
        (dt.date(9999, 12, 31), pa.date32(), "9999-12-31"),
        (MIDNIGHT, pa.timestamp("us"), "2020-01-31 00:00:00"),
        (MOMENT, pa.timestamp("ns"), "2020-01-31 08:05:03.12"),
        (NEVER, pa.timestamp("us"), "9999-12-31 00:00:00"),
        (MIDNIGHT.replace(tzinfo=dt.UTC), pa.timestamp("us", "UTC"), "2020-01-31 00:00:00Z"),
        (dt.datetime(2020, 1, 30, 16, tzinfo=dt.UTC), pa.timestamp("ms", "Asia/Shanghai"), "2020-01-31 00:00:00+08:00"),
        (dt.time(8, 5), pa.time64("us"), "08:05:00"),
        (None, pa.null(), None),
    ],
)
def test_each_type_has_its_text(value: object, kind: pa.DataType, text: str | None) -> None:
    assert [row["name"] for row in read(shops_with("name", [value, None], kind))] == [text, None]


def test_old_timestamps_keep_years_that_nanoseconds_do_not_have() -> None:
    data = shops_with("name", [NEVER], pa.timestamp("us"), use_deprecated_int96_timestamps=True)
    assert read(data)[0]["name"] == "9999-12-31 00:00:00"


def test_a_column_of_numbers_keeps_their_size() -> None:
    columns = [replace(one, logical_type="integer") if one.name == "status" else one for one in SHOPS.columns]
    dataset = replace(SHOPS, columns=tuple(columns))
    data = shops_with("status", [1e16, 123.0], pa.float64())
    found = rows_of(delivered(lambda: io.BytesIO(data), "parquet", dataset=dataset))
    assert [row["status"] for row in found] == ["10000000000000000", "123"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [([1], pa.list_(pa.int64())), ({"x": 1}, pa.struct({"x": pa.int64()})), (dt.timedelta(1), pa.duration("s"))],
)
def test_what_has_no_form_as_text_is_named_by_its_column(value: object, kind: pa.DataType) -> None:
    fault = fault_of(shops_with("name", [value], kind))
    assert isinstance(fault, UnreadableColumn)
    assert fault.column == "name"


def test_binary_content_is_no_text() -> None:
    assert isinstance(fault_of(shops_with("name", [b"\xff\xfe"], pa.binary())), OtherFormat)
    assert isinstance(fault_of(shops_with("name", ["秘密\0"], pa.string())), UnreadableColumn)


def test_columns_that_differ_from_the_contract_are_named() -> None:
    columns: dict[str, object] = {one: pa.nulls(1, pa.string()) for one in NAMES[1:]}
    fault = fault_of(parquet_of({**columns, "colour": ["秘密"], "免证:原因": ["x"]}))
    assert isinstance(fault, SourceChangedShape)
    assert (fault.missing, fault.unknown) == (("uscc",), ("colour",))


def test_what_is_no_parquet_is_said() -> None:
    good = shops_with("name", ["x"] * 99, pa.string())
    for bad in (good[:-8], good[:50], b"", b"PAR1", b"PAR1" + bytes(99) + b"PAR1", b"name,status\n"):
        assert isinstance(fault_of(bad), OtherFormat)


def test_damage_in_the_middle_is_said() -> None:
    good = shops_with("name", [f"秘密{number}" for number in range(9_999)], pa.string(), compression="zstd")
    damaged = good[:2_000] + bytes(200) + good[2_200:]
    assert isinstance(fault_of(damaged), OtherFormat)


def test_rows_come_in_order_in_chunks_of_bounded_size() -> None:
    data = shops_with("name", [str(number) for number in range(120_000)], pa.string(), row_group_size=70_000)
    batches = list(delivered(lambda: io.BytesIO(data), "parquet").chunks())
    assert max(batch.num_rows for batch in batches) <= 50_000
    assert [row["name"] for batch in batches for row in batch.to_pylist()] == [str(n) for n in range(120_000)]


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_small_file_of_long_texts_is_not_written_out_all_at_once(
    monkeypatch: pytest.MonkeyPatch, dictionary: bool
) -> None:
    """A few kilobytes that are a hundred megabytes of text: one text repeated, or many that hardly differ."""
    monkeypatch.setattr(parquet_file, "_BATCH_BYTES", 4 << 20)
    texts = ["x" * (1 << 19) + ("" if dictionary else f"{number:04}") for number in range(200)]
    options = {"dictionary_pagesize_limit": 1 << 30} if dictionary else {"use_dictionary": False}
    data = shops_with("name", texts, pa.string(), compression="zstd", **options)
    assert len(data) < 100_000
    sizes = [batch.nbytes for batch in delivered(lambda: io.BytesIO(data), "parquet").chunks()]
    assert sum(sizes) > 200 << 19
    assert max(sizes) < 8 << 20


def test_a_value_longer_than_any_should_be_is_refused() -> None:
    fault = fault_of(shops_with("name", ["x", "秘" * (1 << 20)], pa.string()))
    assert isinstance(fault, CellTooLong)
    assert (fault.row, fault.column) == (1, "name")
