"""Certificate types: what a kind is called, who holds it, how it ends, and how its sources' codes are read.

A type is a YAML file in ``certificates/types/``; adding one needs no Python. Where the official code of the national
catalogue is not known, a type carries a demo code (``DEMO`` and zeros) and says so.

Example:
    >>> types = load_types()
    >>> types["11100000MB0143028R001"].name_zh
    '营业执照'
    >>> types["11100000MB0143028R001"].status_of("05")
    <Status.REVOKED_PENALTY: 'revoked_penalty'>
    >>> types["DEMO00000000000000005"].shown_code
    'DEMO00000000000000005（示例代码 demo code）'
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import yaml

from certificates.errors import CertificatesError
from certificates.status import Status


class Validity(StrEnum):
    """How a certificate of a type ends (DOMAIN: fixed end date, 长期, none, periodic endorsement)."""

    FIXED_END = "fixed_end"  # an end date, or a declared sentinel that means 长期
    LONG_TERM = "long_term"  # 长期 unless an end date is given
    NONE = "none"  # never ends by time
    ENDORSEMENT = "endorsement"  # its end date is the day until which it is endorsed


class HolderKind(StrEnum):
    """Who or what a certificate of a type is for."""

    PERSON = "person"
    LEGAL_ENTITY = "legal_entity"
    VEHICLE = "vehicle"


class FieldKind(StrEnum):
    """What a field of a certificate's face holds."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    CODE = "code"


@dataclass(frozen=True)
class Field:
    """A field that a certificate of a type shows beside what GB/T 36903 gives to all of them (扩展业务信息).

    Attributes:
        name: snake_case, unique within the type.
        required: every certificate of the type has it.
    """

    name: str
    zh: str
    en: str
    kind: FieldKind
    required: bool


@dataclass(frozen=True)
class CertificateType:
    """One type of the certificate catalogue.

    Attributes:
        code: 证照类型代码, 21 characters: USCC of the defining authority and a sequence number (GB/T 36904).
        definer_zh: 证照定义机构, the ministry that says what the type is; `definer_en` likewise.
        issuers_zh: which authorities issue it; `issuers_en` likewise. "" where the file does not say.
        timely_renewal_days: So many days before its end a renewal must be applied for, so that the certificate goes on
            to count while nobody has decided (行政许可法 art. 50); None where no such rule is known.
        object_kinds: What it is about besides its holders, such as ``vehicle``.
        fields: What its face shows beside GB/T 36903, in its order.
        status_codes_of: The ministry whose codes the map has; "" for the canonical names.
        status_map: The sources' codes to canonical states. A code that is absent has no meaning that the hub knows.
        sentinels: End dates, as sources write them, that mean 长期. Nothing else does.
        demo: The code is ours, because the official one is not known.
    """

    code: str
    name_zh: str
    name_en: str
    definer_zh: str
    validity: Validity
    holder_kinds: tuple[HolderKind, ...]
    status_map: Mapping[str, Status]
    sentinels: tuple[str, ...]
    demo: bool
    source: str
    definer_en: str = ""
    issuers_zh: str = ""
    issuers_en: str = ""
    timely_renewal_days: int | None = None
    object_kinds: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    status_codes_of: str = ""

    @property
    def definer_code(self) -> str | None:
        """USCC of the defining authority, the first 18 characters of the code; None where the code is ours."""
        return None if self.demo else self.code[:_USCC_LENGTH]

    @property
    def shown_code(self) -> str:
        """The code as people see it: one that is ours says so."""
        return f"{self.code}（示例代码 demo code）" if self.demo else self.code

    def status_of(self, source_code: str) -> Status | None:
        """The canonical state of a source's code; None if the table does not have it."""
        return self.status_map.get(source_code)

    def means_long_term(self, end_date: str) -> bool:
        """Whether an end date, as the source writes it, is a declared sentinel for 长期."""
        return end_date in self.sentinels


class BrokenType(CertificatesError):
    """Raised when a certificate type's YAML file cannot be used."""

    def __init__(self, file_name: str, fault_zh: str, fault_en: str) -> None:
        self.file_name = file_name
        super().__init__(
            f"证照类型文件 {file_name} 有误：{fault_zh}。请参照 certificates/types 中的其他文件修改。",
            f"Certificate type file {file_name}: {fault_en}. Mend it after the other files in certificates/types.",
        )


_MEMBERS = frozenset(
    (
        "code",
        "name_zh",
        "name_en",
        "definer_zh",
        "validity",
        "holder_kinds",
        "status_map",
        "sentinels",
        "demo",
        "source",
    )
)
_OPTIONAL = frozenset(
    ("definer_en", "issuers_zh", "issuers_en", "timely_renewal_days", "object_kinds", "fields", "status_codes_of")
)
_CODE_LENGTH = 21
_USCC_LENGTH = 18
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)


def load_types(folders: Iterable[Traversable] = ()) -> Mapping[str, CertificateType]:
    """All shipped types, and those of further folders, by code. The caller keeps the result; nothing is cached here.

    Raises:
        BrokenType: A file is not a type, or two files have one code.
    """
    found: dict[str, CertificateType] = {}
    for folder in (files("certificates") / "types", *folders):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if not file.name.endswith(".yaml"):
                continue
            kind = _read(file)
            if kind.code in found:
                raise BrokenType(file.name, "类型代码重复", "its code is taken already")
            found[kind.code] = kind
    return MappingProxyType(found)


def _read(file: Traversable) -> CertificateType:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenType(file.name, "不是有效的 UTF-8 YAML", "it is not YAML in UTF-8") from error
    if not isinstance(content, dict) or not _MEMBERS <= set(content) <= _MEMBERS | _OPTIONAL:
        raise BrokenType(file.name, "成员缺失或多余", "members are missing or unknown")
    try:
        return _compose(content)
    except (ValueError, TypeError, AttributeError) as error:
        raise BrokenType(file.name, "成员取值不合规定", "a member has a value that is not allowed") from error


def _compose(content: Mapping[str, Any]) -> CertificateType:
    code = _text(content["code"])
    demo = content["demo"]
    if len(code) != _CODE_LENGTH or not isinstance(demo, bool) or demo != code.startswith("DEMO"):
        raise ValueError("code")
    return CertificateType(
        code=code,
        name_zh=_text(content["name_zh"]),
        name_en=_text(content["name_en"]),
        definer_zh=_text(content["definer_zh"]),
        validity=Validity(content["validity"]),
        holder_kinds=tuple(HolderKind(kind) for kind in content["holder_kinds"]),
        status_map=MappingProxyType({_text(key): Status(value) for key, value in content["status_map"].items()}),
        sentinels=tuple(_text(sentinel) for sentinel in content["sentinels"]),
        demo=demo,
        source=_text(content["source"]),
        **_further(content),
    )


def _further(content: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a file may leave out."""
    days = content.get("timely_renewal_days")
    if days is not None and (type(days) is not int or days < 0):
        raise ValueError("timely_renewal_days")
    told = {name: content.get(name, "") for name in ("definer_en", "issuers_zh", "issuers_en", "status_codes_of")}
    if not all(isinstance(value, str) for value in told.values()):
        raise TypeError("text expected")
    fields = tuple(_field(given) for given in content.get("fields", []))
    if len({one.name for one in fields}) != len(fields):
        raise ValueError("fields")
    objects = tuple(_name(kind) for kind in content.get("object_kinds", []))
    return {**told, "timely_renewal_days": days, "object_kinds": objects, "fields": fields}


def _field(given: Mapping[str, Any]) -> Field:
    if set(given) != {"name", "zh", "en", "kind", "required"} or not isinstance(given["required"], bool):
        raise ValueError("field")
    told = (_name(given["name"]), _text(given["zh"]), _text(given["en"]))
    return Field(*told, FieldKind(given["kind"]), required=given["required"])


def _name(value: object) -> str:
    if _NAME.fullmatch(_text(value)) is None:
        raise ValueError("name")
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text expected")
    return value
