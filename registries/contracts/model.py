"""What a data contract says, as frozen values: datasets, columns, rules, roles in registers.

Nothing here reads a file; `contracts.load_contract` makes these from an ODCS YAML, and every other part of the
hub (tables, quality rules, pipelines, pages) follows from them.

    >>> code = Code("1", "男", "male")
    >>> Column("sex", "性别", "string", code_table=(code,)).codes
    ('1',)
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from registries.contracts.periods import Retention

LogicalType = Literal["string", "integer", "number", "date", "timestamp", "boolean"]
Classification = Literal["public", "internal", "personal", "sensitive"]
Level = Literal[1, 2, 3]
Dimension = Literal["conformity", "completeness", "accuracy", "consistency", "timeliness", "accessibility"]
RuleKind = Literal["row", "across", "unique", "reference", "batch"]
SourceKind = Literal["database", "sql_database", "http_api", "files", "push", "live_query"]
FileFormat = Literal["csv", "json_lines", "parquet", "xlsx"]
Delivery = Literal["snapshot", "changes"]


@dataclass(frozen=True)
class Code:
    """One row of a code table: a value with its names, and from when until when (inclusive) it may be used."""

    value: str
    zh: str
    en: str = ""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


@dataclass(frozen=True)
class Column:
    """One column of a dataset.

    Attributes:
        name: the hub's name, snake_case; the column of the store's table.
        title_zh: what the department calls it.
        source_name: the column's name at the source (a table's column or a file's header); `name` if empty.
        semantic: what the text means (`citizen_number`, `uscc`, `person_name` ...; see contracts.vocabulary):
            drives the canonical form, masking and derived rules.
        max_length: in characters.
        pattern: RE2; the whole value has to match.
        code_type_column: the column with the code type (GB/T 36903 annex A) of a `holder_code`, whose canonical form
            and check character depend on it.
        code_date_column: the date on which a row's code had to be valid; the day of the batch without it.
    """

    name: str
    title_zh: str
    logical_type: LogicalType = "string"
    required: bool = False
    key: bool = False
    classification: Classification = "internal"
    semantic: str | None = None
    description: str = ""
    code_table: tuple[Code, ...] | None = None
    max_length: int | None = None
    pattern: str | None = None
    examples: tuple[str, ...] = ()
    source_name: str = ""
    code_type_column: str | None = None
    code_date_column: str | None = None

    @property
    def source(self) -> str:
        """The name to ask the source for."""
        return self.source_name or self.name

    @property
    def codes(self) -> tuple[str, ...]:
        """The code table's values, in its order; empty without one."""
        return tuple(code.value for code in self.code_table or ())

    @property
    def personal(self) -> bool:
        """Whether a page has to mask it."""
        return self.classification in {"personal", "sensitive"}


@dataclass(frozen=True)
class RuleSpec:
    """One quality rule, ready to be compiled. Which expectations there are: see expectations.EXPECTATIONS.

    Attributes:
        id: unique within the dataset, and stable: scores are compared by it.
        level: 1 required (decides rows), 2 expected (opens cases), 3 excellent (counted only).
        dimension: of GB/T 36344, decided by the indicator's first two digits.
        indicator: of GB/T 36344, such as "0302".
        kind: `row` is judged in one row alone, `across` with all others in view; `unique` and `reference` are set-based
            in the store; `batch` is about the batch as a whole.
        expectation: a Great Expectations type, or `mianzheng:...` for our own.
        arguments: as Great Expectations names them (column, column_A, column_B, value_set, regex ...).
        columns: the columns that the rule reads: a value missing in all of them is not judged.
        zh: what is wrong and how to mend it, in words for a clerk; en: the same.
        version: of the rule's meaning: changes with the contract's text.
        levels_by_trust: trust level of a row (A to D) -> the rule's level for such rows, where it differs.
    """

    id: str
    level: Level
    dimension: Dimension
    indicator: str
    kind: RuleKind
    expectation: str
    arguments: Mapping[str, object]
    columns: tuple[str, ...]
    zh: str
    en: str
    version: str
    levels_by_trust: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True)
class Paging:
    """How an HTTP API gives its rows, page by page.

    Attributes:
        style: `page` counts pages from `first_page`; `cursor` gives the next page's cursor in its answer; `link` gives
            the next page's address, in the answer or in its Link header (RFC 8288).
        size: rows asked for at once, by `size_parameter`.
        rows_at: JSON pointer (RFC 6901) to the list of rows in an answer; "" where the answer is the list.
        next_at: JSON pointer to the next cursor or link; "" for the Link header.
        total_at: JSON pointer to the number of all rows; "" for the header X-Total-Count, if there is one.
    """

    style: Literal["page", "cursor", "link"] = "page"
    size: int = 500
    size_parameter: str = "size"
    page_parameter: str = "page"
    first_page: int = 1
    cursor_parameter: str = "cursor"
    rows_at: str = ""
    next_at: str = ""
    total_at: str = ""


@dataclass(frozen=True)
class Server:
    """Where a dataset comes from; the address stands in HUB_HOME/sources.json under `name`, never in a contract.

    Attributes:
        table: of a database, else None.
        pattern: of file names in a drop folder, such as `enterprises_*.csv`, else None. The names of a dataset's
            deliveries sort in the order in which they were made.
        changes_pattern: of the files that hold change sets, where a dataset comes as both; those of `pattern` are full
            snapshots then.
        format: of the files.
        sheet: of a workbook; its first one without it.
        answers: folder below that of the files, into which receipts and refused rows are written; None: nothing is.
        path: of an HTTP API or a live query, below the server's address.
        paging: of an HTTP API.
        timeout_seconds: how long a live query may take.
    """

    name: str
    kind: SourceKind
    table: str | None = None
    pattern: str | None = None
    changes_pattern: str | None = None
    format: FileFormat = "csv"
    sheet: str | None = None
    answers: str | None = None
    path: str | None = None
    paging: Paging | None = None
    timeout_seconds: float = 3.0


@dataclass(frozen=True)
class Operation:
    """Which column of a change set says what happened to a row, and which of its codes mean that it was deleted.

    Every other code of its code table means that the row is to be as it stands (put).
    """

    column: str
    delete: tuple[str, ...]


@dataclass(frozen=True)
class SubjectKind:
    """What a register speaks of: a person, a legal entity, a division, or anything that a contract names."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True)
class Register:
    """A register (基础库) as its own contract describes it: what it is about, and which attributes it has.

    Attributes:
        id: snake_case, such as `population`; `department` is the one that leads it.
        key: the attribute that names a subject.
        attributes: all others, with titles, types and classifications.
        merged: one row per subject, each attribute from its authority; otherwise every dataset's rows stand side by
            side (certificates, indicators), as each has one issuer.
    """

    id: str
    department: str
    contract_id: str
    contract_version: str
    title_zh: str
    title_en: str
    subject_kind: SubjectKind
    key: Column
    attributes: tuple[Column, ...]
    merged: bool = True
    description_zh: str = ""
    description_en: str = ""


@dataclass(frozen=True)
class RegisterRole:
    """What a dataset gives to a register.

    Attributes:
        subject_key: the column that names the subject.
        attributes: register attribute -> column.
        precedence: 1 decides first; a later one fills what the earlier lack.
        where: only rows in which each column has the value (None: is empty) belong to the register.
        authorities: attribute -> precedence, where an attribute's differs from the dataset's.
    """

    register: str
    subject_key: str
    attributes: Mapping[str, str]
    precedence: int = 1
    where: tuple[tuple[str, str | None], ...] = ()
    authorities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Correction:
    """A row says that a subject of a register has another key now: the columns with the former and the present one.

    It proposes a join, which a steward confirms.
    """

    register: str
    former: str
    present: str


@dataclass(frozen=True)
class HolderMapping:
    """The columns of one holder; a certificate has as many holders as mappings times rows of its number.

    `code_type` names a column; `fixed_code_type` is the code type itself where no column tells it. A row whose name and
    code are both empty names no holder. `role` is the holder's role itself, such as 男方, 女方, 共有人.
    """

    name: str
    code: str
    code_type: str | None = None
    fixed_code_type: str | None = None
    role: str = ""


@dataclass(frozen=True)
class ObjectMapping:
    """The columns of one object that a certificate is about: a vehicle, a real-estate unit.

    `kind` is the kind itself, such as vehicle; `number` and `name` name columns.
    """

    kind: str
    number: str
    name: str | None = None


@dataclass(frozen=True)
class CertificateMapping:
    """Which columns hold what a certificate look-up needs; names are those of GB/T 36903 in English.

    `type_code` is the certificate type itself and `holder_role` a role, all others are column names (None: the dataset
    has no such column). `trust_level`: of each row, A to D; `principal`: on behalf of whom it was issued;
    `renewal_applied_on`: when a renewal was applied for that nobody has decided on.
    """

    type_code: str
    number: str
    holder_name: str
    holder_code: str
    status: str
    holder_code_type: str | None = None
    further_holders: tuple[HolderMapping, ...] = ()
    objects: tuple[ObjectMapping, ...] = ()
    identifier: str | None = None
    issued_on: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    status_since: str | None = None
    status_reason: str | None = None
    issuing_authority_name: str | None = None
    issuing_authority_code: str | None = None
    version: str | None = None
    trust_level: str | None = None
    principal: str | None = None
    renewal_applied_on: str | None = None
    holder_role: str = ""

    @property
    def holders(self) -> tuple[HolderMapping, ...]:
        """All holders that a row can name, the first one first."""
        first = HolderMapping(self.holder_name, self.holder_code, self.holder_code_type, role=self.holder_role)
        return (first, *self.further_holders)


@dataclass(frozen=True)
class ValidTime:
    """The columns that say from when until when a row holds in the world, both days included (None: not told).

    `long_term`: ends, as the source writes them, that mean 长期; nothing else does.
    """

    since: str | None = None
    until: str | None = None
    long_term: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sla:
    """How often the department delivers, and how old its data may be, in days; `cron` says when the hub pulls.

    `working_days`: both count working days only.
    """

    update_every_days: int
    fresh_for_days: int
    cron: str
    working_days: bool = False

    @property
    def fresh_for_calendar_days(self) -> int:
        """The most days that its data may be old: so many working days with the weekends that may lie between them.

        Public holidays are decreed year by year and make it longer still; they are not known here.
        """
        if not self.working_days:
            return self.fresh_for_days
        return self.fresh_for_days + 2 * -(-self.fresh_for_days // 5)


@dataclass(frozen=True)
class Sharing:
    """Decree 809, articles 13 to 15: the class, and what has to be said beside it.

    Attributes:
        conditions, scope, purpose: of what is shared with conditions: 使用要求, 使用范围, 使用用途.
        legal_basis, reason: of what is not shared.
        grade: 一般数据, 重要数据 or 核心数据 (数据安全法 art. 21).
    """

    sharing_class: Literal["无条件共享", "有条件共享", "不予共享"]
    conditions: str = ""
    legal_basis: str = ""
    scope: str = ""
    purpose: str = ""
    reason: str = ""
    grade: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What the decree asks for beside the class, as contracts write it, and nobody said."""
        said = {
            "有条件共享": {"conditions": self.conditions, "scope": self.scope, "purpose": self.purpose},
            "不予共享": {"legalBasis": self.legal_basis, "reason": self.reason},
        }.get(self.sharing_class, {})
        return tuple(name for name, text in {**said, "grade": self.grade}.items() if not text)


@dataclass(frozen=True)
class Dataset:
    """One table of a contract.

    Attributes:
        name: `<department>.<table>`, such as `public_security.residents`.
        key: the key's columns, in order.
        delivery: `snapshot` (all rows each time) or `changes` (what changed; full snapshots may come between).
        watermark: the column that grows with each change at the source, if there is one: of two rows of one key the
            one with the greater watermark counts, in whatever order they arrive.
        operation: which column of a change set tells puts from deletes; without it every row is a put.
        valid_time: the columns that say when a row holds in the world; None: nothing does.
        area_column: the column with the administrative division of a row, if there is one.
        encoding: of files as agreed: what decides when a file's bytes alone don't.
        trust_level: A (born digital and checked) to D (paper era).
        retention: how long what the hub holds of it is kept, where it differs from the hub's own rules.
        group: the theme under which pipelines and pages show it.
    """

    name: str
    department: str
    contract_id: str
    contract_version: str
    title_zh: str
    title_en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[RuleSpec, ...]
    server: Server
    sla: Sla
    sharing: Sharing
    delivery: Delivery = "snapshot"
    watermark: str | None = None
    operation: Operation | None = None
    register: RegisterRole | None = None
    certificate: CertificateMapping | None = None
    correction: Correction | None = None
    retention: Retention = field(default_factory=Retention)
    valid_time: ValidTime | None = None
    area_column: str | None = None
    encoding: str = "UTF-8"
    trust_level: Literal["A", "B", "C", "D"] = "A"
    group: str = ""
    description_zh: str = ""
    description_en: str = ""

    @property
    def table_name(self) -> str:
        """The store's table: `public_security__residents`."""
        return self.name.replace(".", "__")

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that current rows have: all but the one that tells puts from deletes."""
        told = self.operation.column if self.operation else None
        return tuple(column for column in self.columns if column.name != told)

    @property
    def pulled(self) -> bool:
        """Whether the hub fetches it: what is pushed comes by itself, what is asked live never comes."""
        return self.server.kind not in {"push", "live_query"}

    @property
    def sharing_class(self) -> str:
        """无条件共享, 有条件共享 or 不予共享."""
        return self.sharing.sharing_class

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return self._columns_by_name[name]

    def rule(self, rule_id: str) -> RuleSpec:
        """The rule of that id; KeyError if there is none."""
        return self._rules_by_id[rule_id]

    @cached_property
    def _columns_by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def _rules_by_id(self) -> Mapping[str, RuleSpec]:
        return {rule.id: rule for rule in self.rules}
