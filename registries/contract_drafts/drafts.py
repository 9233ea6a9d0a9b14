"""A first draft of a contract, from a table or a file: what can be seen is filled in, what can't is marked.

    text = draft(sample_of_file(Path("enterprises_20260101.csv")), "market_regulation")

Marks look like ⟦待填 title⟧ and stand where an engineer has to decide; the comment beside each says what, in both
languages. A mark that is left is a fault (`marks`). Guesses say that they are guesses. No value of a
row is in a draft but the codes of code tables.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from registries.contract_drafts.guesses import (
    classification_of,
    codes_of,
    key_of,
    length_of,
    names_persons,
    semantic_of,
    type_of,
)
from registries.contract_drafts.marks import MARK, mark
from registries.contract_drafts.samples import SampledColumn, SourceSample
from registries.contracts.model import Code

_ENOUGH_ROWS: Final = 100
"""Rows without an empty cell from which on a column is guessed to be required."""

_ENGLISH: Final = {
    "统一社会信用代码": "uscc",
    "公民身份号码": "citizen_number",
    "身份证号": "citizen_number",
    "姓名": "name",
    "性别": "sex",
    "民族": "ethnicity",
    "出生日期": "birth_date",
    "住址": "address",
    "住所": "address",
    "地址": "address",
    "电话": "phone",
    "联系电话": "phone",
    "名称": "name",
    "企业名称": "name",
    "法定代表人": "legal_representative",
    "法定代表人证件号码": "legal_representative_number",
    "行政区划代码": "division_code",
    "成立日期": "established_on",
    "登记状态": "registration_status",
    "行业代码": "industry_code",
    "证照编号": "certificate_number",
    "电子证照标识": "certificate_identifier",
    "持证主体": "holder_name",
    "持证主体代码": "holder_code",
    "持证主体代码类型代码": "holder_code_type",
    "证照颁发机构": "issuing_authority_name",
    "证照颁发机构代码": "issuing_authority_code",
    "证照颁发日期": "issued_on",
    "有效期起始日期": "valid_from",
    "有效期截止日期": "valid_until",
    "证照状态代码": "status_code",
    "状态变更日期": "status_since",
    "状态说明": "status_reason",
    "证照版本号": "version_number",
    "状态": "status",
    "类型": "type",
    "备注": "remarks",
    "编号": "number",
    "代码": "code",
    "更新时间": "updated_at",
}
"""Column names that departments use often (GB/T 36903 and common registers)."""


def draft(sample: SourceSample, department: str = "") -> str:
    """The text of a `*.odcs.yaml`; `department` is its id, a mark if it is not known."""
    domain = department or mark("domain")
    table = _name(sample.name, 0) if re.search(r"[a-z]", sample.name.lower()) else mark("table")
    lines = [*_heading(sample, domain, table), *_table(sample, table), *_promises()]
    return "\n".join(lines) + "\n"


def draft_department(department: str) -> str:
    """The text of a `department.yaml`."""
    return "\n".join(
        [
            "# 部门说明草稿: 请填写标记处 / draft of a department: fill in the marks",
            f"id: {department or mark('domain')}",
            f"nameZh: {_quoted(mark('department_zh'))}  # 部门的中文名称 / its Chinese name",
            f"nameEn: {_quoted(mark('department_en'))}  # 部门的英文名称 / its English name",
            f"areaCode: {_quoted(mark('area_code'))}  # 六位行政区划代码 / six digits of GB/T 2260",
            f"level: {_quoted(mark('level'))}  # 国家, 省, 市 或 县 / one of these four",
            f"validFrom: {mark('valid_from')}  # 何时起 / since when: 2019-01-01",
            "",
        ]
    )


def _heading(sample: SourceSample, domain: str, table: str) -> Iterator[str]:
    yield f"# 数据契约草稿, 根据 {sample.rows:,} 行推测。请填完标记处, 逐项核对“推测”, 再运行 mianzheng contract check"
    yield f"# Draft of a contract, guessed from {sample.rows:,} rows: fill in the marks, judge every guess (推测),"
    yield "# then run mianzheng contract check"
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: {_quoted(f'{domain}-{table}')}  # 契约标识: 部门-资源 / the contract's id: department-dataset"
    yield 'version: "1.0.0"'
    yield "status: draft"
    yield f"domain: {_quoted(domain)}  # 部门标识, 即文件夹名 / the department's id: its folder's name"
    yield ""
    yield "servers:"
    yield f"  - server: {_quoted(mark('server'))}  # 来源名; 地址写在 sources.json / its address stands there"
    yield "    type: custom"
    if sample.kind == "files" and sample.file_format in {"csv", "json_lines"}:
        yield f"    encoding: {sample.encoding}"
    yield "    customProperties:"
    yield f"      - {{property: kind, value: {sample.kind}}}"
    if sample.kind == "files" and sample.file_format != "csv":
        yield f"      - {{property: format, value: {sample.file_format}}}"
    yield ""


def _table(sample: SourceSample, table: str) -> Iterator[str]:
    yield "schema:"
    yield f"  - name: {_quoted(table)}  # 英文表名 / the dataset's name: lower-case letters, digits, underscores"
    yield f"    physicalName: {_quoted(sample.physical)}"
    yield f"    businessName: {_quoted(sample.title or mark('title'))}  # 数据资源的中文名称 / its Chinese title"
    yield "    customProperties:"
    yield f"      - {{property: titleEn, value: {_quoted(mark('title_en'))}}}  # 英文名称 / its English title"
    yield "      # 共享类型, 三者之一: 无条件共享, 有条件共享 (另写 conditions), 不予共享 (另写 legalBasis)"
    yield "      # the sharing class, one of these three; the second needs conditions, the third legalBasis"
    yield f"      - {{property: sharing, value: {{class: {_quoted(mark('sharing'))}}}}}"
    yield "      # 供给基础库或证照核验的, 另写 register 或 certificate / add register or certificate if it feeds one"
    key = key_of(sample)
    yield f"    # {_key_words(sample, key)}"
    yield "    properties:"
    names = _names(sample.columns)
    persons = names_persons(sample)
    for column, name in zip(sample.columns, names, strict=True):
        position = key.index(column.name) + 1 if column.name in key else 0
        yield from _column(column, name, position=position, whole_key=len(key), rows=sample.rows, persons=persons)


def _key_words(sample: SourceSample, key: Sequence[str]) -> str:
    if not key:
        return f"{mark('key')} 没有找到主键, 请在主键列写 primaryKey: true / no key was found: mark its columns"
    if any(column.key for column in sample.columns):
        return "主键按来源的声明 / the key is the one that the source declares"
    return "主键是推测, 请核对 / the key is a guess: judge it"


def _names(columns: Sequence[SampledColumn]) -> list[str]:
    found: list[str] = []
    for place, column in enumerate(columns, 1):
        name = _ENGLISH.get(column.name) or _name(column.name, place)
        found.append(name if name not in found else f"{name}_{place}")
    return found


def _name(text: str, place: int) -> str:
    """snake_case of ASCII names; a number for others, as no machine should invent a name."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") if text.isascii() else ""
    return name[:40] if re.match(r"[a-z]", name) else f"column_{place}"


def _column(
    column: SampledColumn, name: str, *, position: int, whole_key: int, rows: int, persons: bool
) -> Iterator[str]:
    semantic = semantic_of(column)
    logical = type_of(column, semantic)
    yield f"      - name: {name}" + ("  # 请改为英文名 / give it an English name" if name.startswith("column_") else "")
    title = column.title or (column.name if not column.name.isascii() else mark("column_title"))
    yield f"        businessName: {_quoted(title)}" + _title_comment(title)
    if column.name != name:
        yield f"        physicalName: {_quoted(column.name)}"
    yield f"        logicalType: {logical}" + ("" if column.declared else "  # 推测 / a guess")
    length = length_of(column) if logical == "string" else None
    if length is not None:
        yield f"        logicalTypeOptions: {{maxLength: {length}}}" + (
            "" if column.max_length else "  # 推测 / a guess"
        )
    if position:
        yield "        primaryKey: true"
        if whole_key > 1:
            yield f"        primaryKeyPosition: {position}"
    elif column.not_null or (rows >= _ENOUGH_ROWS and not column.empty):
        yield "        required: true" + (
            "" if column.not_null else "  # 推测: 样本中没有空值 / a guess: none was empty"
        )
    level = classification_of(column, semantic, persons=persons)
    yield f"        classification: {level}  # 从严推测 public internal personal sensitive / guessed strictly: judge it"
    if semantic is not None:
        yield "        customProperties:"
        yield f"          - {{property: semantic, value: {semantic}}}  # 推测 / a guess"
    yield from _codes(codes_of(column, semantic) if logical == "string" else ())


def _title_comment(title: str) -> str:
    return "  # 列的中文名称 / its Chinese title" if MARK.search(title) else ""


def _codes(codes: Sequence[Code]) -> Iterator[str]:
    if not codes:
        return
    yield "        # 代码表按样本推测, 请补全并核对 / the codes that were seen: complete and judge them"
    yield "        enum:"
    for code in codes:
        meaning = code.zh or mark("label")
        told = "" if code.zh else "  # 代码的含义 / what it means"
        yield f"          - {{value: {_quoted(code.value)}, label: {_quoted(meaning)}}}{told}"


def _promises() -> Iterator[str]:
    yield ""
    yield "slaProperties:"
    yield "  # 每几天交付一次; schedule 是枢纽取数的时间 / delivered every so many days; schedule: when the hub pulls"
    yield f'  - {{property: frequency, value: {mark("frequency")}, unit: d, scheduler: cron, schedule: "0 2 * * *"}}'
    yield "  # 数据最多滞后几天 / how many days old data may be"
    yield f"  - {{property: latency, value: {mark('latency')}, unit: d}}"


def _quoted(text: str) -> str:
    """A YAML text in double quotes: JSON's are those of YAML."""
    return json.dumps(text, ensure_ascii=False)
