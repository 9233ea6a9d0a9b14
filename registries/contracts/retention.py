"""How long a table is kept, as its contract says: ODCS's `retention` for all of it, or by its parts; faults noted."""

from typing import Final, cast

from open_data_contract_standard.model import OpenDataContractStandard

from registries.contracts.names import FILL
from registries.contracts.odcs import Custom
from registries.contracts.periods import BODIES_AT_LEAST, UNITS, Erasure, Period, Retention
from registries.contracts.yaml_page import Page, Place

PROPERTY: Final = "retention"
_PARTS: Final = ("landed", "history", "bodies")
_ERASURES: Final = ("allowed", "named", "refused")


def retention_of(page: Page, contract: OpenDataContractStandard, table: str, custom: Custom) -> Retention:
    """The table's retention: the parts that are given apart, and the one period for what isn't.

    One period for everything never shortens what has to be kept of answers; `bodies` told apart can be a fault.
    """
    whole = _whole(page, contract, table)
    given = custom.texts(PROPERTY, (*_PARTS, "erasure", "legalBasis"))
    parts = {name: _part(page, custom, name, given[name]) for name in _PARTS if name in given}
    bodies = parts.get("bodies")
    if bodies is not None and bodies.days < BODIES_AT_LEAST.days:
        page.note(
            (*custom.place(PROPERTY), "bodies"),
            "回执的保存期不足三年",
            "answers would be kept for less than three years",
            "政务数据共享条例第二十九条要求至少三年, 请写 3y 或更长",
            "Decree 809, article 29, asks for three years; write 3y or more",
        )
    erasure = _erasure(page, custom, given.get("erasure", "named"), given.get("legalBasis", ""))
    return Retention(
        parts.get("landed", whole),
        parts.get("history", whole),
        bodies or _at_least(whole),
        erasure,
        given.get("legalBasis", ""),
    )


def _erasure(page: Page, custom: Custom, erasure: str, legal_basis: str) -> Erasure:
    """Whether a subject's rows may be erased; what refuses it names its legal basis."""
    if erasure not in _ERASURES:
        page.note_unknown((*custom.place(PROPERTY), "erasure"), " erasure", "erasure", erasure, _ERASURES)
        return "named"
    if erasure == "refused" and not legal_basis:
        page.note(
            custom.place(PROPERTY),
            "不予删除的数据未写 legalBasis",
            "data that may not be erased lack a legalBasis",
            "请写明保存的法律依据 (个人信息保护法第四十七条)",
            "name the law by which they are kept (PIPL, article 47)",
        )
    return cast("Erasure", erasure)


def _whole(page: Page, contract: OpenDataContractStandard, table: str) -> Period | None:
    found = None
    for position, given in enumerate(contract.slaProperties or ()):
        if given.property != PROPERTY or (given.element and table not in given.element.split(",")):
            continue
        place: Place = ("slaProperties", position, "value")
        if type(given.value) is int and given.value > 0 and given.unit in UNITS:
            found = Period(given.value, given.unit)
        else:
            words = ("应为以 d、m 或 y 计的正整数", "should be a positive number with the unit d, m or y")
            page.note(place, *words, *FILL)
    return found


def _part(page: Page, custom: Custom, name: str, text: str) -> Period | None:
    found = Period.parse(text)
    if found is None:
        place = (*custom.place(PROPERTY), name)
        page.note(
            place, f"{text!r} 不是期限", f"{text!r} is no period", "例如 90d、6m、5y", "write it like 90d, 6m or 5y"
        )
    return found


def _at_least(period: Period | None) -> Period | None:
    if period is None or period.days >= BODIES_AT_LEAST.days:
        return period
    return BODIES_AT_LEAST
