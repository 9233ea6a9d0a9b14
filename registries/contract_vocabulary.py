"""The closed lists that contracts may draw from: expectations, semantics, indicators, custom properties.

A contract names a thing from these lists or it is a fault: a misspelt rule must not silently check nothing.
`quality.rules` compiles the expectations: those named `expect_...` are Great Expectations' own, those named
`mianzheng:...` are executed by a vectorised predicate (row) or by one set-based query (unique, reference).

What each of ours means; a row in which a value that the rule reads is missing passes (`required` judges that):

    mianzheng:date                column is a real calendar date, YYYY-MM-DD
    mianzheng:timestamp           column is YYYY-MM-DD HH:MM:SS, with or without fraction and offset
    mianzheng:integer             column is a whole number: optional minus and at most 18 digits
    mianzheng:number              column is a decimal number: optional minus, digits, optional fraction
    mianzheng:boolean             column is true or false
    mianzheng:citizen_number      column is a citizen number: GB 11643, check character and date
    mianzheng:uscc                column is a unified social credit code: GB 32100, with GB 11714 inside
    mianzheng:certificate_identifier  column has the form and check character of GB/T 36904
    mianzheng:birth_date_agrees   column_B is the birth date in citizen number column_A (judged if both are well formed)
    mianzheng:sex_agrees          column_B (1 or 2) is the sex in citizen number column_A; 0 and 9 are not judged
    mianzheng:not_before          column_A is not before column_B (both in their canonical form, compared as text)
    mianzheng:not_in_future       column's day is not after the day on which the batch is checked
    mianzheng:required_when       column is present where when_column is one of when_values
    mianzheng:matches_when        column matches regex wholly where when_column is one of when_values
    mianzheng:division_under      division column_A lies under division column_B by its digits (GB/T 2260)
    mianzheng:unique              no two rows that differ have the same values in column_list
    mianzheng:reference           column's value is known: in register (its subject keys) or in dataset's target_column
    mianzheng:volume_drop         the batch has at least (1 - max_share) of the rows of the last one done
    mianzheng:share_refused       at most max_share of the batch's rows are refused

Example:
    >>> EXPECTATIONS["mianzheng:not_before"].columns
    ('column_A', 'column_B')
    >>> dimension_of("0302")
    'accuracy'
"""

from dataclasses import dataclass
from typing import Final

from registries.contract_model import Dimension, RuleKind


@dataclass(frozen=True)
class Expectation:
    """What an expectation takes: arguments that name columns, further ones, and what of those may be left out."""

    kind: RuleKind
    columns: tuple[str, ...] = ("column",)
    others: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()

    @property
    def arguments(self) -> tuple[str, ...]:
        """All arguments that it knows."""
        return self.columns + self.others


_BOUNDS = frozenset({"min_value", "max_value"})
_PAIR = ("column_A", "column_B")

EXPECTATIONS: Final[dict[str, Expectation]] = {
    "expect_column_values_to_not_be_null": Expectation("row"),
    "expect_column_values_to_be_null": Expectation("row"),
    "expect_column_values_to_be_in_set": Expectation("row", others=("value_set",)),
    "expect_column_values_to_not_be_in_set": Expectation("row", others=("value_set",)),
    "expect_column_values_to_match_regex": Expectation("row", others=("regex",)),
    "expect_column_values_to_not_match_regex": Expectation("row", others=("regex",)),
    "expect_column_value_lengths_to_be_between": Expectation(
        "row", others=("min_value", "max_value"), optional=_BOUNDS
    ),
    "expect_column_pair_values_to_be_equal": Expectation("row", _PAIR),
    "expect_table_row_count_to_be_between": Expectation("batch", (), ("min_value", "max_value"), _BOUNDS),
    "mianzheng:date": Expectation("row"),
    "mianzheng:timestamp": Expectation("row"),
    "mianzheng:integer": Expectation("row"),
    "mianzheng:number": Expectation("row"),
    "mianzheng:boolean": Expectation("row"),
    "mianzheng:citizen_number": Expectation("row"),
    "mianzheng:uscc": Expectation("row"),
    "mianzheng:certificate_identifier": Expectation("row"),
    "mianzheng:birth_date_agrees": Expectation("row", _PAIR),
    "mianzheng:sex_agrees": Expectation("row", _PAIR),
    "mianzheng:not_before": Expectation("row", _PAIR),
    "mianzheng:not_in_future": Expectation("row"),
    "mianzheng:required_when": Expectation("row", ("column", "when_column"), ("when_values",)),
    "mianzheng:matches_when": Expectation("row", ("column", "when_column"), ("when_values", "regex")),
    "mianzheng:division_under": Expectation("row", _PAIR),
    "mianzheng:unique": Expectation("unique", ("column_list",)),
    "mianzheng:reference": Expectation(
        "reference", others=("register", "dataset", "target_column"), optional=frozenset({"register", "dataset"})
    ),
    "mianzheng:volume_drop": Expectation("batch", (), ("max_share",)),
    "mianzheng:share_refused": Expectation("batch", (), ("max_share",)),
}

SEMANTICS: Final[dict[str, str]] = {
    "citizen_number": "公民身份号码",
    "uscc": "统一社会信用代码",
    "division_code": "行政区划代码",
    "certificate_number": "证照编号",
    "certificate_identifier": "电子证照标识",
    "person_name": "自然人姓名",
    "organisation_name": "组织名称",
    "address": "地址",
    "phone": "电话号码",
    "code": "代码",
    "holder_code": "持证主体代码",
    "residence_permit": "居住证件号码",
    "foreign_permanent_resident_number": "外国人永久居留证号码",
    "vehicle_number": "车辆识别代号",
    "licence_plate": "车辆号牌号码",
}
"""What a column's text means -> its name."""

IDENTIFIER_SEMANTICS: Final = frozenset(
    {
        *("citizen_number", "uscc", "division_code", "certificate_number", "certificate_identifier", "code"),
        *("holder_code", "residence_permit", "foreign_permanent_resident_number", "vehicle_number", "licence_plate"),
    }
)
"""Semantics whose canonical form is half-width and upper case."""

CHECKED_SEMANTICS: Final = frozenset({"citizen_number", "uscc", "certificate_identifier"})
"""Semantics with a check character, and so with a derived rule of the same name."""

DIMENSIONS: Final[dict[str, Dimension]] = {
    "01": "conformity",
    "02": "completeness",
    "03": "accuracy",
    "04": "consistency",
    "05": "timeliness",
    "06": "accessibility",
}
"""GB/T 36344-2018: the first two digits of an indicator -> its dimension."""

INDICATORS: Final[dict[str, str]] = {
    "0101": "数据标准",
    "0102": "数据模型",
    "0103": "元数据",
    "0104": "业务规则",
    "0105": "权威参考数据",
    "0106": "安全规范",
    "0201": "数据元素完整性",
    "0202": "数据记录完整性",
    "0301": "内容正确性",
    "0302": "格式合规性",
    "0303": "数据重复率",
    "0304": "数据唯一性",
    "0305": "脏数据出现率",
    "0401": "相同数据一致性",
    "0402": "关联数据一致性",
    "0501": "基于时间段的正确性",
    "0502": "基于时间点及时性",
    "0503": "时序性",
    "0601": "可访问",
    "0602": "可用性",
}
"""GB/T 36344-2018: indicator -> its name."""

ODCS_DIMENSIONS: Final[dict[str, frozenset[str]]] = {
    "conformity": frozenset({"01"}),
    "completeness": frozenset({"02"}),
    "coverage": frozenset({"02"}),
    "accuracy": frozenset({"03"}),
    "uniqueness": frozenset({"03"}),
    "consistency": frozenset({"04"}),
    "timeliness": frozenset({"05"}),
}
"""ODCS's closed list of dimensions -> the GB/T 36344 dimensions that it may stand beside."""

CLASSIFICATIONS: Final = ("public", "internal", "personal", "sensitive")
LOGICAL_TYPES: Final = ("string", "integer", "number", "date", "timestamp", "boolean")
SHARING_CLASSES: Final = ("无条件共享", "有条件共享", "不予共享")
TRUST_LEVELS: Final = ("A", "B", "C", "D")
DELIVERIES: Final = ("snapshot", "changes")
SOURCE_KINDS: Final = ("database", "sql_database", "http_api", "files", "push", "live_query")
FILE_FORMATS: Final = ("csv", "json_lines", "parquet", "xlsx")
PAGING_STYLES: Final = ("page", "cursor", "link")
SLA_UNITS: Final = ("d", "wd")
ENCODINGS: Final = ("UTF-8", "GB18030")
STATUSES: Final = ("proposed", "draft", "active", "deprecated", "retired")
API_VERSIONS: Final = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")

RESERVED_COLUMNS: Final = frozenset({"since_batch", "until_batch", "mark", "row_number", "batch", "refused"})
"""Names that the store's own columns have."""

LOWERABLE: Final = frozenset({"length", "pattern", "code_table", "semantic"})
"""Derived rules whose level a contract may lower with `ruleLevels`; the others guard what the store can hold."""


def dimension_of(indicator: str) -> Dimension:
    """The dimension of an indicator of GB/T 36344; KeyError for one that doesn't exist."""
    if indicator not in INDICATORS:
        raise KeyError(indicator)
    return DIMENSIONS[indicator[:2]]
