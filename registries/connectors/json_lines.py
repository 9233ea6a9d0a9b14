"""JSON Lines: one flat object a line, streamed in batches of text, numbers exactly as they were written.

    for batch in json_rows(dataset, "persons_20260131.jsonl", opened): ...

A parser turns 440507199003071234 into a floating-point number and loses its last digits. Here bare values are put
into quotation marks on the bytes of whole blocks (json_bytes) before pyarrow parses: nothing is ever a number. What is
malformed is looked at again, line by line, only to be named.

Standards: RFC 8259; ndjson. A member that is not there is empty, like null.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from registries.connectors.faults import RowTooLong, SourceChangedShape
from registries.connectors.file_faults import NotJsonLines, OtherFormat
from registries.connectors.json_bytes import Malformed, with_quoted_values
from registries.connectors.json_faults import member_names, named_fault
from registries.connectors.rows import OUR_COLUMNS, Opened, sliced, sources
from registries.connectors.text_encoding import NotText, told_codec
from registries.contracts.model import Dataset

_BLOCK: Final = 4 << 20
_LONGEST_LINE: Final = 8 << 20


def json_rows(dataset: Dataset, name: str, opened: Opened) -> Iterator[pa.RecordBatch]:
    """Batches of text columns named as the contract's, in the file's order.

    Raises:
        NotJsonLines: a line is no flat object: nested, a member twice, cut.
        SourceChangedShape: members that the contract does not know, or, in a snapshot, that no row has.
        OtherFormat, WrongEncoding, RowTooLong
    """
    codec = json_codec(dataset, name, opened)
    parsing = _Parsing(dataset, name)
    with opened() as file:
        for block in _whole_lines(file, codec, name):
            yield from sliced(parsing.rows(block))
    parsing.finish()


def json_codec(dataset: Dataset, name: str, opened: Opened) -> str:
    """`utf-8`, `utf-8-sig` or `gb18030`."""
    try:
        with opened() as file:
            return told_codec(file, name, dataset.encoding, sources(dataset))
    except NotText as what:
        raise OtherFormat(name, "JSON Lines", what.zh, what.en) from None


class _Parsing:
    """Parses blocks of whole lines, and remembers which columns any row has named."""

    def __init__(self, dataset: Dataset, name: str) -> None:
        self._dataset = dataset
        self._name = name
        self._expected = sources(dataset)
        self._schema = pa.schema([(one, pa.string()) for one in self._expected])
        self._named: set[str] = set()
        self._lines = 0
        self._rows = 0

    def rows(self, block: bytes) -> pa.RecordBatch:
        table = self._parsed(block)
        unknown = sorted(one for one in table.column_names if one not in self._expected)
        if any(not one.startswith(OUR_COLUMNS) for one in unknown):
            raise SourceChangedShape(self._name, (), [one for one in unknown if not one.startswith(OUR_COLUMNS)])
        self._remember(block, table)
        self._lines += block.count(b"\n")
        self._rows += table.num_rows
        columns = [table.column(one).combine_chunks() for one in self._expected]
        return pa.RecordBatch.from_arrays(columns, [column.name for column in self._dataset.columns])

    def finish(self) -> None:
        """SourceChangedShape if no row of a snapshot names a column; a change set holds what it holds."""
        missing = [one for one in self._expected if one not in self._named]
        if missing and self._rows and self._dataset.delivery == "snapshot":
            raise SourceChangedShape(self._name, missing)

    def _parsed(self, block: bytes) -> pa.Table:
        try:
            quoted, objects = with_quoted_values(block)
            table = _table(quoted, self._schema) if objects else self._schema.empty_table()
        except (Malformed, pa.ArrowInvalid):  # its text may quote the row
            raise self._fault(block) from None
        holds_nul = rb"\u0000" in block and any(
            pc.any(pc.match_substring(column, "\0")).as_py() for column in table.columns
        )
        if holds_nul or table.num_rows != objects:
            raise self._fault(block)
        return table

    def _fault(self, block: bytes) -> NotJsonLines:
        return named_fault(self._name, self._lines, block)

    def _remember(self, block: bytes, table: pa.Table) -> None:
        if len(self._named) < len(self._expected):
            self._named |= {one for one in self._expected if table.column(one).null_count < table.num_rows}
            self._named |= member_names(block)


def _table(quoted: bytes, schema: pa.Schema) -> pa.Table:
    return json.read_json(
        pa.BufferReader(quoted),
        read_options=json.ReadOptions(use_threads=False, block_size=len(quoted) + 1),
        parse_options=json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
    )


def _whole_lines(file: BinaryIO, codec: str, name: str) -> Iterator[bytes]:
    """The file in UTF-8, in blocks that end where a line does."""
    decoder = codecs.getincrementaldecoder(codec)()
    rest, lines = b"", 0
    while block := file.read(_BLOCK):
        block = block if codec == "utf-8" else decoder.decode(block).encode()
        whole, end, part = block.rpartition(b"\n")
        if end:
            lines += block.count(b"\n")
            yield b"".join((rest, whole, end))
            rest = b""
        rest += part
        if len(rest) > _LONGEST_LINE:
            raise RowTooLong(name, lines)
    if rest:
        yield rest + b"\n"
