"""Every problem in words: what its page says, made from the errors themselves, so that no page is older than the code.

explained()["overloaded"].zh
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from certificates.errors import CertificatesError
from exchange_api.errors import KINDS_OF_STATUS, ExchangeApiError, Kind, ServerNotReady, classes_of_kinds
from registries.errors import RegistriesError

ROOTS: Final = (ExchangeApiError, CertificatesError, RegistriesError)
_STANDS_FOR: Final[Mapping[type, Any]] = {int: 60, str: "…", bool: False, float: 0.0}
"""What is shown where an error names a number or a text of its own."""


class _See(NamedTuple):
    zh: str
    en: str


_SEE: Final = _See(
    "原因和下一步见所返回文档的 detail", "The document's detail_en says what exactly is wrong and what to do next"
)


@dataclass(frozen=True)
class Explained:
    """A problem, with its cause and next step in both languages."""

    kind: Kind
    zh: str
    en: str


def explained() -> dict[str, Explained]:
    """Every problem that there is, by its code, in the order of the codes."""
    of_classes = {kind.name: _of_class(kind, error) for error, kind in reversed(classes_of_kinds())}
    of_statuses = {kind.name: Explained(kind, zh, en) for kind, zh, en in KINDS_OF_STATUS.values()}
    found = {**of_classes, **of_statuses}
    return {name: found[name] for name in sorted(found)}


def _of_class(kind: Kind, error: type[Exception]) -> Explained:
    try:
        made = _made(error)
    except (LookupError, TypeError, ValueError):  # its words depend on more than a stand-in can say
        return _by_title(kind)
    if not isinstance(made, ROOTS):  # the roots themselves, and what nobody foresaw
        made = ServerNotReady()
    return _by_title(kind) if made.zh in _STANDS_FOR.values() else Explained(kind, made.zh, made.en)


def _by_title(kind: Kind) -> Explained:
    return Explained(kind, f"{kind.title_zh}。{_SEE.zh}", f"{kind.title_en}. {_SEE.en}")


def _made(error: type[Exception]) -> Exception | None:
    """One such error, with stand-ins for what it names; None for a root, whose words are its children's."""
    if error in ROOTS or not issubclass(error, ROOTS):
        return None
    wanted = [one for one in inspect.signature(error).parameters.values() if one.default is one.empty]
    values = {one.name: _stand_in(one.annotation) for one in wanted if one.kind is not one.VAR_KEYWORD}
    return error(**values)


def _stand_in(annotation: object) -> Any:  # noqa: ANN401 - of whatever type is annotated
    return _STANDS_FOR.get(annotation, "…") if isinstance(annotation, type) else "…"
