"""A spreadsheet of numbers, given back with verdicts: every row is a question of its own, and has its receipt.

    sheet = read_sheet("名单.xlsx", content)
    file = sheets.verify(session, sheet, {"purpose": "行政许可审批", ...}, "form id")     # like the one that came

One column is needed (证照编号); what else the file has comes back as it was. What a row leaves out is taken from the
form. The file is read in memory, the answers go back at once, and neither is kept: what is kept are the receipts.
Rows that stand there twice, and files that are sent again by the same form, are the same questions.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from certificates.china_time import CHINA
from certificates.compact import parse
from certificates.errors import CertificatesError
from certificates.holder_codes import HOLDER_CODE_TYPES
from certificates.records import MalformedQuestion
from certificates.types import CertificateType
from exchange_api.acts.verification import Verification
from exchange_api.answering import Answering
from exchange_api.answers import Answer
from exchange_api.askers import parse_officers_question
from exchange_api.counter.errors import SheetNotRead
from exchange_api.errors import ExchangeApiError
from exchange_api.sessions import Session
from quality.refused_rows.csv_text import refused_csv
from quality.refused_rows.workbook import refused_xlsx
from registries.connectors.any_table import Table, read_table
from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.rows import OUR_COLUMNS
from registries.errors import RegistriesError

MOST_ROWS: Final = 1_000
MOST_BYTES: Final = 4 << 20
AT_A_TIME: Final = 128
"""Questions that wait at once, so that others at other counters get their turn."""

NUMBER: Final = "证照编号"
MEMBERS: Final[Mapping[str, str]] = {
    "证照类型": "certificate_type",
    NUMBER: "certificate_number",
    "姓名或名称": "holder_name",
    "证件类型": "holder_code_type",
    "证件号码": "holder_code",
    "办件编号": "case",
    "核验日期": "as_of",
}
"""Headers that mean something, and the member of the question that each fills; any other column is passed through."""

RESULTS: Final = tuple(
    OUR_COLUMNS + name for name in ("核验结论", "说明", "下一步", "核验时间", "回执编号", "存证序号")
)
NOT_ASKED: Final = "未核验 Not verified"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHEET: Final = "核验结果"
_LOST_DIGITS: Final = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+", re.ASCII)
_UNSAFE_IN_NAMES: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class GivenBack:
    """A file for the browser; its pieces are made while it is sent."""

    file_name: str
    media_type: str
    pieces: Iterator[bytes]


@dataclass(frozen=True)
class Sheet:
    """A file of numbers, and what it is called."""

    name: str
    table: Table


@dataclass(frozen=True)
class _Row:
    """One row on its way: its cells, and its question or why there is none."""

    cells: tuple[str, ...]
    asked: "Future[Answer] | None"
    why_not: str = ""


def read_sheet(name: str, content: bytes) -> Sheet:
    """Read an .xlsx or .csv file; a workbook in a process of its own, with limited memory and time.

    Raises:
        SheetNotRead: it is none, too large, has no column 证照编号, or no rows.
    """
    if len(content) > MOST_BYTES:
        most = MOST_BYTES >> 20
        raise SheetNotRead(
            f"文件超过 {most} MB。请拆分后分次核验", f"the file has more than {most} MB; split it and verify the parts"
        )
    try:
        table = read_table(name, content, NUMBER, MOST_ROWS)
    except SourceFault as fault:
        raise _not_read(fault) from None
    if table.file_format not in {"xlsx", "csv"}:
        raise SheetNotRead("请提供 .xlsx 或 .csv 文件", "give an .xlsx or .csv file")
    if not table.rows:
        raise SheetNotRead("表格中没有数据行。请填写后重试", "the sheet has no rows; fill it in and try again")
    if len(table.rows) > MOST_ROWS:
        raise SheetNotRead(
            f"一次最多核验 {MOST_ROWS} 行。请拆分后分次核验",
            f"at most {MOST_ROWS} rows at once; split the file and verify the parts",
        )
    return Sheet(name, table)


def template() -> GivenBack:
    """An empty workbook with the columns that mean something, all of them text."""
    return GivenBack("mianzheng-verify.xlsx", _XLSX, refused_xlsx(list(MEMBERS), 0, [], "证照清单"))


class Sheets:
    """Verifies spreadsheets.

    Args:
        verdicts: what each verdict is called, by its code.
    """

    def __init__(
        self,
        answering: Answering,
        act: Verification,
        types: Mapping[str, CertificateType],
        verdicts: Mapping[str, str],
    ) -> None:
        self._answering = answering
        self._act = act
        self._verdicts = verdicts
        self._types = {name: code for code, kind in types.items() for name in (code, kind.name_zh)}

    def verify(self, session: Session, sheet: Sheet, defaults: Mapping[str, str], form: str) -> GivenBack:
        """Ask every row, and give the file back with what was answered; the rows are asked while it is sent.

        Args:
            session: the officer's.
            sheet: as it was read.
            defaults: members of the question for what a row leaves out, purpose and service item always.
            form: the form's id, made with it.
        """
        table = sheet.table
        headers = [*table.headers, *RESULTS]
        rows = self._answered(session, table, defaults, form)
        name = _given_name(sheet.name)
        if table.file_format == "csv":
            return GivenBack(f"{name}.csv", "text/csv", refused_csv(headers, rows, table.encoding))
        return GivenBack(f"{name}.xlsx", _XLSX, refused_xlsx(headers, len(RESULTS), rows, _SHEET))

    def _answered(
        self, session: Session, table: Table, defaults: Mapping[str, str], form: str
    ) -> Iterator[tuple[str, ...]]:
        waiting: deque[_Row] = deque()
        for cells in table.rows:
            waiting.append(self._asked(session, table.headers, cells, defaults, form))
            if len(waiting) >= AT_A_TIME:
                yield self._with_answer(waiting.popleft())
        while waiting:
            yield self._with_answer(waiting.popleft())

    def _asked(
        self, session: Session, headers: Sequence[str], cells: tuple[str, ...], defaults: Mapping[str, str], form: str
    ) -> _Row:
        content = self._question(headers, cells, defaults)
        lost = next((name for name, text in content.items() if _LOST_DIGITS.fullmatch(text)), None)
        if lost is not None:
            return _Row(cells, None, "号码已变为科学计数法,末位丢失。请将该列设为文本格式后重新录入 Digits were lost")
        jti = hashlib.sha256(json.dumps([form, content], sort_keys=True).encode()).hexdigest()[:32]
        try:
            return _Row(cells, self._answering.ask(parse_officers_question(session, content, jti, self._act)))
        except MalformedQuestion as malformed:
            return _Row(cells, None, _told(malformed))
        except ExchangeApiError as error:
            return _Row(cells, None, error.zh)

    def _question(self, headers: Sequence[str], cells: Sequence[str], defaults: Mapping[str, str]) -> dict[str, str]:
        """The row's own values, then the form's; names of types as well as their codes, in whatever spelling."""
        own = {MEMBERS[header]: cell.strip() for header, cell in zip(headers, cells, strict=True) if header in MEMBERS}
        content = {**defaults, **{name: text for name, text in own.items() if text}}
        kind = content.get("certificate_type", "")
        content["certificate_type"] = self._types.get(kind, kind)
        code_type = content.get("holder_code_type", "")
        content["holder_code_type"] = _CODE_TYPES.get(code_type, code_type)
        return {name: text for name, text in content.items() if text or name != "as_of"}

    def _with_answer(self, row: _Row) -> tuple[str, ...]:
        nothing = ("",) * (len(RESULTS) - 2)
        if row.asked is None:
            return (*row.cells, NOT_ASKED, row.why_not, *nothing)
        try:
            answer = row.asked.result()
        except (ExchangeApiError, CertificatesError, RegistriesError) as error:
            return (*row.cells, NOT_ASKED, error.zh, *nothing)
        return (*row.cells, *self._told(answer))

    def _told(self, answer: Answer) -> tuple[str, ...]:
        content, payload = answer.content, parse(answer.receipt).payload
        code = content["code"]
        made = datetime.fromtimestamp(payload["iat"], CHINA).strftime("%Y-%m-%d %H:%M:%S")
        verdict = self._verdicts.get(code, code)
        return (verdict, content["zh"], content["next"]["zh"], made, payload["jti"], str(answer.index))


_CODE_TYPES: Final = {name: code for code, name in HOLDER_CODE_TYPES.items()}


def _told(malformed: MalformedQuestion) -> str:
    header = next((header for header, member in MEMBERS.items() if member == malformed.member), "")
    if not header:
        return malformed.zh
    return f"请检查“{header}”:不能为空、过长或格式不符。改好后重新核验 Check this column"


def _not_read(fault: SourceFault) -> SheetNotRead:
    if isinstance(fault, SourceChangedShape) and fault.missing:
        return SheetNotRead(
            f"第一行没有“{NUMBER}”列。请使用本页的模板,或把该列改名后重试",
            f"the first row has no column {NUMBER} (certificate number); use the template, or rename the column",
        )
    return SheetNotRead(fault.zh, fault.en)


def _given_name(name: str) -> str:
    stem = _UNSAFE_IN_NAMES.sub("_", PurePosixPath(name.replace("\\", "/")).stem)[:_LONGEST_NAME]
    return f"{stem or 'numbers'}-核验结果"
