"""A clerk at a spreadsheet, without one: reads cells with their marks, and types into the workbook that the hub made.

sheet = cells_of(content)
content = typed(content, {"B2": "示例", "C2": 45678})
"""

import io
import re
import zipfile
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

TABLE = "xl/worksheets/sheet1.xml"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Cell(NamedTuple):
    """What a cell shows."""

    text: str
    colour: str


def parts_of(content: bytes) -> dict[str, bytes]:
    """Every part of a workbook; each XML among them is well formed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        assert name.endswith((".xml", ".rels", ".vml"))
        ET.fromstring(part)  # noqa: S314 - our own
    return parts


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A workbook of these parts."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return sink.getvalue()


def cells_of(content: bytes, sheet: str = TABLE) -> dict[str, Cell]:
    """Every cell of a sheet that has a text or a colour: its text, and its fill."""
    parts = parts_of(content)
    colours = _colours(parts["xl/styles.xml"])
    shared = _shared(parts.get("xl/sharedStrings.xml"))
    found, row_number = {}, 0
    for row in ET.fromstring(parts[sheet]).iter(f"{MAIN}row"):  # noqa: S314 - our own
        row_number = int(row.attrib["r"])
        for place, cell in enumerate(row.iter(f"{MAIN}c")):
            name = cell.attrib.get("r", f"{chr(65 + place)}{row_number}")
            text = "".join(one.text or "" for one in cell.iter(f"{MAIN}t"))
            value = cell.findtext(f"{MAIN}v")
            if cell.attrib.get("t") == "s" and value is not None:
                text = shared[int(value)]
            elif value is not None:
                text = value
            assert cell.find(f"{MAIN}f") is None, "no cell is ever a formula"
            found[name] = Cell(text, colours[int(cell.attrib.get("s", "0"))])
    return found


def typed(content: bytes, cells: Mapping[str, str | float]) -> bytes:
    """The workbook with some cells of its table typed anew: texts as texts, numbers as numbers."""
    parts = parts_of(content)
    table = parts[TABLE].decode()
    rows: dict[int, dict[str, str | float]] = {}
    for name, value in cells.items():
        letters, number = re.fullmatch(r"([A-Z]+)([0-9]+)", name).groups()  # type: ignore[union-attr]  # a cell's name
        rows.setdefault(int(number), {})[letters] = value
    for number, values in rows.items():
        table = _typed_row(table, number, values)
    return packed({**parts, TABLE: table.encode()})


def _typed_row(table: str, number: int, values: Mapping[str, str | float]) -> str:
    found = re.search(rf'<row r="{number}"[^>]*>(.*?)</row>', table, re.DOTALL)
    before = [] if found is None else re.findall(r"<c\b[^>]*?(?:/>|>.*?</c>)", found[1], re.DOTALL)
    width = max(len(before), *(ord(letters) - 64 for letters in values))
    cells = [*before, *["<c/>"] * (width - len(before))]
    for letters, value in values.items():
        cells[ord(letters) - 65] = _cell(value)
    row = f'<row r="{number}">{"".join(cells)}</row>'
    if found is not None:
        return table[: found.start()] + row + table[found.end() :]
    return table.replace("</sheetData>", f"{row}</sheetData>")


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"


def _colours(styles: bytes) -> list[str]:
    root = ET.fromstring(styles)  # noqa: S314 - our own
    fills = [fill.find(f".//{MAIN}fgColor") for fill in root.find(f"{MAIN}fills") or ()]
    names = ["" if fill is None else fill.attrib.get("rgb", "") for fill in fills]
    return [names[int(xf.attrib.get("fillId", "0"))] for xf in root.find(f"{MAIN}cellXfs") or ()]


def _shared(strings: bytes | None) -> list[str]:
    if strings is None:
        return []
    root = ET.fromstring(strings)  # noqa: S314 - our own
    return ["".join(one.text or "" for one in item.iter(f"{MAIN}t")) for item in root.iter(f"{MAIN}si")]
