"""What a column is likely to be: type, meaning, classification, code table, key; for an engineer to judge.

Meanings come from check characters where there are any (GB 11643, GB 32100, GB/T 36904), else from names and forms.
Whatever may be about a person is personal; in a table that names persons every column is.

Example:
    >>> column = SampledColumn("证件号", ("440507199003071010", "44051119850612222X"))
    >>> semantic_of(column), classification_of(column, semantic_of(column), persons=False)
    ('citizen_number', 'personal')
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Final

from certificates.errors import CertificatesError
from certificates.identifiers import CertificateIdentifier, check_citizen_number, check_uscc, widen_citizen_number
from registries.contract_drafts.samples import SampledColumn, SourceSample
from registries.contracts.model import Classification, Code, LogicalType

MOST_CODES: Final = 20
_ENOUGH_ROWS: Final = 30
_REPEATED: Final = 5
"""Each code has to come so often on average: values that hardly repeat are no codes, and may be somebody's."""
_SHARE: Final = 0.9
_OLD_LENGTH: Final = 15
_CANDIDATES: Final = 8

_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("division_code", r"区划|division|area_?code|xzqh"),
    ("certificate_identifier", r"证照标识"),
    ("certificate_number", r"(证照|许可证|证书|执照|资格证).{0,2}(编号|号码|号)$|certificate_number|licen[cs]e_number"),
    ("phone", r"电话|手机|联系方式|phone|mobile|tel(ephone)?$"),
    ("address", r"住所|住址|地址|address"),
    (
        "person_name",
        r"姓名|法定代表人$|法人代表$|负责人$|经办人$|联系人$|^(person_?|full_?|holder_?)?name_of_person|xingming",
    ),
    ("organisation_name", r"企业名称|单位名称|机构名称|公司名称|org(ani[sz]ation)?_?name|company_?name"),
)
_PERSONS: Final = frozenset({"citizen_number", "person_name", "phone"})
_PERSONAL: Final = _PERSONS | {"address", "residence_permit", "holder_code"}
_PERSONAL_NAMES: Final = re.compile(r"性别|出生|生日|年龄|籍贯|户号|户籍|持证|^sex$|gender|birth|household|holder|age$")
_SENSITIVE_NAMES: Final = re.compile(
    r"民族|宗教|疾病|诊断|残疾|病|账号|账户|银行|指纹|人脸|基因|婚姻|犯罪|ethnic|religio|diseas|diagnos|disab|bank|account"
    r"|fingerprint|marital|criminal|health"
)
_CODE_NAMES: Final = re.compile(
    r"性别|民族|类型|类别|种类|状态|等级|级别|行业|方式|是否|sex|gender|type|kind|status|level|class"
)
_ID_NAMES: Final = re.compile(r"编号|号码|代码|标识|编码|证号|(^|_)(id|no|number|code|uscc|key)$")
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_DATE: Final = re.compile(r"(1[89]|2[0-9]|99)\d\d([-/.年]?)(0?[1-9]|1[0-2])([-/.月]?)(0?[1-9]|[12]\d|3[01])日?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_MOMENTS: Final[tuple[tuple[LogicalType, re.Pattern[str]], ...]] = (("date", _DATE), ("timestamp", _MOMENT))
_NUMBERS: Final[tuple[tuple[LogicalType, re.Pattern[str]], ...]] = (
    ("integer", re.compile(r"-?(0|[1-9]\d{0,14})")),
    ("number", re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")),
)
_CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,6}")
_PERSON: Final = re.compile(r"[一-鿿]{2,4}|[一-鿿]{1,10}·[一-鿿]{1,10}")


def _share(values: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(bool(holds(value)) for value in values) / len(values) if values else 0.0


def semantic_of(column: SampledColumn) -> str | None:
    """What its texts mean, a name of contracts.vocabulary.SEMANTICS; None if nothing tells."""
    for semantic, holds in _CHECKED.items():
        if _share(column.values, holds) >= _SHARE:
            return semantic
    name = f"{column.name} {column.title}".strip().lower()
    for semantic, pattern in _NAMES:
        if re.search(pattern, name) and _possible(semantic, column):
            return semantic
    return "person_name" if _looks_like_persons(column) else None


def _possible(semantic: str, column: SampledColumn) -> bool:
    if semantic == "division_code":
        return _share(column.values, lambda value: re.fullmatch(r"[1-9]\d{5}(\d{3}|\d{6})?", value)) >= _SHARE
    return column.declared in {None, "string"}


def _looks_like_persons(column: SampledColumn) -> bool:
    """Short Chinese texts that begin with surnames: taken for names even if they are something else."""
    named = _share(column.values, lambda value: _PERSON.fullmatch(value) and value[0] in _SURNAMES)
    return named >= _SHARE and not _CODE_NAMES.search(column.name)


def _is_citizen(value: str) -> bool:
    try:
        return check_citizen_number(widen_citizen_number(value) if len(value) == _OLD_LENGTH else value)
    except CertificatesError:
        return False


def _is_identifier(value: str) -> bool:
    try:
        return CertificateIdentifier.parse(value).check_ok
    except CertificatesError:
        return False


_CHECKED: Final[Mapping[str, Callable[[str], bool]]] = {
    "citizen_number": _is_citizen,
    "uscc": check_uscc,
    "certificate_identifier": _is_identifier,
}


def names_persons(sample: SourceSample) -> bool:
    """Whether any column names a person: then every column is about one."""
    return any(semantic_of(column) in _PERSONS for column in sample.columns)


def classification_of(column: SampledColumn, semantic: str | None, *, persons: bool) -> Classification:
    """Strictly: sensitive or personal if it may be; never public, which only its department can say."""
    name = f"{column.name} {column.title}".lower()
    if _SENSITIVE_NAMES.search(name):
        return "sensitive"
    if persons or semantic in _PERSONAL or _PERSONAL_NAMES.search(name):
        return "personal"
    return "internal"


def type_of(column: SampledColumn, semantic: str | None) -> LogicalType:
    """Its type: as declared, else what every value is; numbers with a meaning, and codes, are texts."""
    if semantic is not None:
        return "string"
    if column.declared is not None and column.declared != "string":
        return column.declared
    for logical, pattern in _MOMENTS:
        if _share(column.values, pattern.fullmatch) == 1.0:
            return logical
    if column.declared == "string" or _ID_NAMES.search(column.name.lower()) or codes_of(column, semantic):
        return "string"
    return next((logical for logical, form in _NUMBERS if _share(column.values, form.fullmatch) == 1.0), "string")


def codes_of(column: SampledColumn, semantic: str | None) -> tuple[Code, ...]:
    """The code table of a column with few values that repeat and can't be somebody's; empty if it has none."""
    if semantic is not None or column.declared not in {None, "string"}:
        return ()
    distinct = sorted(set(column.values))
    few = 1 < len(distinct) <= MOST_CODES and len(column.values) >= max(_ENOUGH_ROWS, _REPEATED * len(distinct))
    if not few:
        return ()
    if all(_CODE.fullmatch(value) for value in distinct):
        return tuple(Code(value, "") for value in distinct)
    if _CODE_NAMES.search(column.name.lower()) and all(len(value) <= MOST_CODES for value in distinct):
        return tuple(Code(value, value) for value in distinct)
    return ()


def length_of(column: SampledColumn) -> int | None:
    """At most how many characters: as declared, else a round number above the longest; None without values."""
    if column.max_length:
        return column.max_length
    longest = max((len(value) for value in column.values), default=0)
    return (
        next((size for size in (10, 20, 30, 50, 100, 200, 500, 1000) if longest * 1.2 <= size), None)
        if longest
        else None
    )


def key_of(sample: SourceSample) -> tuple[str, ...]:
    """The key: as declared, else one column, or two, whose values are all there and all different; may be empty."""
    if declared := tuple(column.name for column in sample.columns if column.key):
        return declared
    whole = [column for column in sample.columns if not column.empty and column.values]
    likely = sorted(whole, key=lambda column: not _is_id(column))
    for column in likely:
        if len(set(column.values)) == sample.rows and _is_id(column):
            return (column.name,)
    for one, other in combinations([column for column in likely if length_of(column)][:_CANDIDATES], 2):
        if _is_id(one) and len(set(zip(one.values, other.values, strict=True))) == sample.rows:
            return (one.name, other.name)
    return ()


def _is_id(column: SampledColumn) -> bool:
    if semantic_of(column) in {"person_name", "organisation_name", "address", "phone"}:
        return False
    return bool(_ID_NAMES.search(column.name.lower())) or semantic_of(column) is not None
