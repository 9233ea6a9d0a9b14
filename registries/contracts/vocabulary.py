"""The closed lists that contracts may draw from: semantics, indicators, classifications and the like.

A contract names a thing from these lists or it is a fault. The rules that there are: see expectations.

Example:
    >>> dimension_of("0302")
    'accuracy'
"""

from typing import Final

from registries.contracts.model import Dimension

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

CHECKED_SEMANTICS: Final = frozenset(
    {
        *("citizen_number", "uscc", "certificate_identifier", "holder_code", "residence_permit"),
        *("foreign_permanent_resident_number", "vehicle_number", "licence_plate"),
    }
)
"""Semantics with a form or a check character of their own, and so with a derived rule of the same name."""

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
GRADES: Final = ("一般数据", "重要数据", "核心数据")
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

LOWERABLE: Final = frozenset(
    {"length", "pattern", "code_table", "code_validity", "semantic", "readable_text", "not_rounded"}
)
"""Derived rules whose level a contract may lower with `ruleLevels`; the others guard what the store can hold."""


def dimension_of(indicator: str) -> Dimension:
    """The dimension of an indicator of GB/T 36344; KeyError for one that doesn't exist."""
    if indicator not in INDICATORS:
        raise KeyError(indicator)
    return DIMENSIONS[indicator[:2]]
