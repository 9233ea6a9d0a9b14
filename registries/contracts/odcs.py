"""From YAML to the Open Data Contract Standard's model, with unknown fields and wrong types as faults.

The standard's own package checks types but lets unknown fields inside pass in silence, so the model's fields are
walked here: a misspelt `requierd` must not mean "not required".

Standard: Open Data Contract Standard 3.x (Bitol, LF AI & Data).
"""

import re
import typing
from collections.abc import Iterable, Mapping

import pydantic
from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard

from registries.contracts.vocabulary import API_VERSIONS, STATUSES
from registries.contracts.yaml_page import Page, Place


def read_odcs(page: Page) -> OpenDataContractStandard:
    """The page as ODCS; ContractFaults with every unknown field and wrong type."""
    _walk(page, (), page.content, OpenDataContractStandard)
    page.stop_if_faulty()
    try:
        contract = OpenDataContractStandard.model_validate(page.content)
    except pydantic.ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            _note_wrong_type(page, found["loc"], found["msg"])
        page.stop_if_faulty()
        raise AssertionError("a validation error has errors") from error
    _check_heading(page, contract)
    return contract


class Custom:
    """The custom properties of one part of a contract: by name, each checked for its type when it is asked for."""

    def __init__(
        self, page: Page, place: Place, given: Iterable[CustomProperty] | None, known: Iterable[str] = ()
    ) -> None:
        """Note unknown and doubled names as faults; `place` is the part that has the `customProperties`."""
        self._page = page
        self._values: dict[str, object] = {}
        self._places: dict[str, Place] = {}
        names = set(known)
        for position, item in enumerate(given or ()):
            here = (*place, "customProperties", position)
            name = item.property or ""
            if name not in names:
                page.note_unknown((*here, "property"), "扩展属性", "custom property", name, names)
            elif name in self._values:
                page.note(here, f"扩展属性 {name} 出现了两次", f"custom property {name} is given twice", *KEEP_ONE)
            else:
                self._values[name], self._places[name] = item.value, (*here, "value")
        self._around = place

    def place(self, name: str) -> Place:
        """Where a property stands, or the part that lacks it."""
        return self._places.get(name, self._around)

    def has(self, name: str) -> bool:
        """Whether the property is given."""
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A text; a fault if it is something else."""
        value = self._values.get(name, default)
        if isinstance(value, str):
            return value
        self._note_type(name, "文本", "text")
        return default

    def number(self, name: str, default: float) -> float:
        """A number; a fault if it is something else."""
        value = self._values.get(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self._note_type(name, "数值", "a number")
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false; a fault if it is something else."""
        value = self._values.get(name, default)
        if isinstance(value, bool):
            return value
        self._note_type(name, " true 或 false", "true or false")
        return default

    def choice(self, name: str, known: Iterable[str], default: str) -> str:
        """A text from a list; a fault if it isn't on it."""
        value = self.text(name, default)
        if value not in set(known):
            self._page.note_unknown(self.place(name), f" {name} 取值", f"{name}", value, known)
        return value

    def mapping(self, name: str, known: Iterable[str] | None = None) -> dict[str, object]:
        """A mapping with text keys, all of them known; empty if it isn't given."""
        value = self._values.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._note_type(name, "字段表", "a mapping")
            return {}
        names = set(known) if known is not None else set(value)
        for key in sorted(set(value) - names):
            self._page.note_unknown((*self.place(name), key), f" {name} 成员", f"member of {name}", key, names)
        return {key: inner for key, inner in value.items() if key in names}

    def texts(self, name: str, known: Iterable[str] | None = None) -> dict[str, str]:
        """A mapping of texts."""
        found = self.mapping(name, known)
        for key, value in found.items():
            if not isinstance(value, str):
                self._page.note((*self.place(name), key), f"{name}.{key} 不是文本", f"{name}.{key} is no text", *QUOTE)
        return {key: value for key, value in found.items() if isinstance(value, str)}

    def note_unknown(self, inside: tuple[str, str], zh: str, en: str, given: object, known: Iterable[str]) -> None:
        """Note a member of a property whose value is not one of those that are known."""
        name, member = inside
        self._page.note_unknown((*self.place(name), member), zh, en, given, known)

    def _note_type(self, name: str, zh: str, en: str) -> None:
        self._page.note(self.place(name), f"扩展属性 {name} 应为{zh}", f"custom property {name} should be {en}", *QUOTE)


KEEP_ONE: typing.Final = ("请保留一个", "keep one")
QUOTE: typing.Final = (
    "请按 departments/README.md 填写; 文本与代码请加引号",
    "see departments/README.md; quote text and codes",
)


def _walk(page: Page, place: Place, content: object, model: type[pydantic.BaseModel]) -> None:
    if not isinstance(content, Mapping):
        return
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for name, inner in content.items():
        if name not in fields:
            page.note_unknown((*place, str(name)), "字段", "field", name, fields)
            continue
        _walk_into(page, (*place, name), inner, tuple(_models(fields[name])))


def _walk_into(page: Page, place: Place, inner: object, models: tuple[type[pydantic.BaseModel], ...]) -> None:
    if not models:
        return
    if isinstance(inner, list):
        # of `Team | list[TeamMember]` a list holds the last
        for position, item in enumerate(inner):
            _walk(page, (*place, position), item, models[-1])
    else:
        _walk(page, place, inner, models[0])


def _models(annotation: object) -> Iterable[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)


def _note_wrong_type(page: Page, loc: tuple[int | str, ...], message: str) -> None:
    shown = ".".join(str(step) for step in loc)
    page.note(
        loc,
        f"字段 {shown} 的值类型不对",
        f"field {shown}: {message}",
        "请按开放数据契约标准 (ODCS) 填写; 版本号、代码等文本请加引号",
        "write it as the Open Data Contract Standard says; quote versions, codes and other text",
    )


def _check_heading(page: Page, contract: OpenDataContractStandard) -> None:
    for name, value, known in (
        ("kind", contract.kind, ("DataContract",)),
        ("apiVersion", contract.apiVersion, API_VERSIONS),
        ("status", contract.status, STATUSES),
    ):
        if value not in known:
            page.note_unknown((name,), f" {name}", name, value, known)
    for name in ("id", "version", "domain"):
        if not getattr(contract, name):
            page.note((name,), f"缺少 {name}", f"{name} is missing", f"请填写 {name}", f"give {name}")
    if contract.version and not _is_version(contract.version):
        page.note(
            ("version",),
            f"版本号 {contract.version} 不是三段数字",
            f"version {contract.version} is not three numbers",
            '请写成 "1.0.0" 的形式',
            'write it like "1.0.0"',
        )


def _is_version(text: str) -> bool:
    return re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", text) is not None
