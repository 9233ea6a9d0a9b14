"""A case as a line of the list, with its card; and what it is about, in words.

>>> days_words(-3).zh
'超期 3 个工作日'
"""

from exchange_api.casework.acting import Casework
from exchange_api.pages import words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.case_words import CARDS, ENDINGS
from exchange_api.pages.quality_views import rule_words
from exchange_api.pages.views.casework import CaseLine, Tag
from exchange_api.pages.views.frame import Words
from registries.departments import Catalogue
from registries.store.cases import Case


def case_line(case: Case, catalogue: Catalogue, desk: Casework, place: str) -> CaseLine:
    """A case in the list; who or what it is about stays with its department."""
    card = desk.card(case)
    return CaseLine(
        number=case.number,
        href=f"{place}/{case.number}",
        kind=words.CASE_KINDS[case.kind],
        defect=defect(case, catalogue),
        title=dataset_title(catalogue, case.dataset),
        department=departments(case, catalogue),
        rows=case.rows,
        settled=case.rows_settled,
        share=case.rows_settled / case.rows if case.rows else 1.0,
        due_on=case.due_on,
        days=days_words(desk.days_left(case)) if case.state == "open" else None,
        card=None if card is None else Tag(*CARDS[card]),
        state=_state(case),
        assigned_to=case.assigned_to,
    )


def _state(case: Case) -> Tag:
    if case.ending is not None:
        return Tag("green", ENDINGS[case.ending], "check")
    if case.stopped_at is not None:
        return Tag("blue", Words("停表", "clock stopped"), "pause")
    if case.escalated_to is not None:
        return Tag("red", Words("督办中", "escalated"), "warn")
    return Tag("gold", words.CASE_STATES["open"][1], "mend")


def days_words(days: int) -> Words:
    """How many working days are left, or gone."""
    if days < 0:
        return Words(f"超期 {-days} 个工作日", f"{-days} working days late")
    return Words(f"剩 {days} 个工作日", f"{days} working days left")


def departments(case: Case, catalogue: Catalogue) -> str:
    """Whose it is; of a conflict, both."""
    names = {department.id: department.name_zh for department in catalogue.departments}
    own = names.get(case.department, case.department)
    return own if case.against is None else f"{own}（与{names.get(case.against, case.against)}）"


def defect(case: Case, catalogue: Catalogue) -> Words:
    """What is wrong."""
    cause = words.CASE_CAUSES[case.cause]
    if case.rule_id is not None:
        return rule_words(case.dataset, case.rule_id, catalogue)
    if case.attribute is None:
        return cause
    name = attribute_words(case.dataset, case.attribute, catalogue)
    return Words(f"{name.zh}：{cause.zh}", f"{name.en}: {cause.en}")


def attribute_words(dataset: str, attribute: str, catalogue: Catalogue) -> Words:
    """A column, or an attribute of a register as the dataset that gives it calls it."""
    if dataset not in catalogue:
        return Words(attribute, attribute)
    found = catalogue.dataset(dataset)
    column = found.register.attributes.get(attribute, attribute) if found.register is not None else attribute
    known = {one.name: one.title_zh for one in found.columns}
    return Words(known.get(column, attribute), attribute)
