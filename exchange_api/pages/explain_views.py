"""An explanation as the steward's page shows it: with the names of departments, datasets, attributes and rules.

view = explained_view(explanation, places, catalogue, access=7)
"""

from collections.abc import Iterator, Mapping

from exchange_api.pages import words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.quality_views import rule_words
from exchange_api.pages.steward_views import register_words
from exchange_api.pages.views.explained import CaseLine, DecisionRow, ExplainedView, RefusedLine, SaidRow, VersionRow
from exchange_api.pages.views.frame import Words
from registries.contracts.model import Register
from registries.departments import Catalogue
from registries.landed_search import Place
from registries.store import explanations
from registries.store.explanations import Explanation, History, Said
from registries.store.subject_versions import Version

Places = Mapping[tuple[str, int], Place]
_MARKS = {
    "vanished": Words("来源中已消失", "vanished from its source"),
    "update_refused": Words("有更新被拒", "an update was refused"),
}
_LANDED = {
    "expired": Words("文件已到期清除", "the file has expired"),
    "damaged": Words("文件损坏", "the file is damaged"),
    "not_found": Words("文件中没有以所填号码登记的行", "no row under the key that was entered"),
}


def explained_view(found: Explanation, places: Places, catalogue: Catalogue, access: int) -> ExplainedView:
    """The page's content."""
    register = catalogue.register(found.register)
    titles = {one.name: Words(one.title_zh, one.name) for one in register.attributes}
    return ExplainedView(
        register=register_words(catalogue, found.register) or Words(found.register, found.register),
        keys=found.keys,
        known=found.known,
        decisions=tuple(
            DecisionRow(
                titles[one.attribute],
                None if one.said is None else _said(one.said, found, places, catalogue),
                tuple(_said(other, found, places, catalogue) for other in one.others),
            )
            for one in found.decisions
        ),
        versions=tuple(
            _version(history, one, found, catalogue) for history in found.histories for one in history.versions
        ),
        refused=tuple(_refused(row, catalogue) for row in found.refused),
        cases=tuple(_case(case, register, catalogue) for case in found.cases),
        notes=tuple(_notes(found, catalogue)),
        access=access,
    )


def _said(said: Said, found: Explanation, places: Places, catalogue: Catalogue) -> SaidRow:
    facts = found.batches[said.batch]
    department = catalogue.department(said.department)
    return SaidRow(
        department=Words(department.name_zh, department.name_en),
        dataset=dataset_title(catalogue, said.dataset),
        name=said.dataset,
        column=said.column,
        value=said.value,
        precedence=said.precedence,
        mark=_MARKS.get(said.mark or ""),
        former=said.former,
        agrees=said.agrees,
        batch=said.batch,
        value_batch=said.value_batch,
        taken_over_at=facts.taken_over_at,
        deliverer=facts.deliverer,
        contract_version=facts.contract_version,
        digest=facts.landed_digest or "",
        landed=_landed(said, places),
    )


def _landed(said: Said, places: Places) -> Words:
    place = places.get((said.dataset, said.batch))
    if place is None or place.state != "found":
        return _LANDED[place.state if place else "expired"]
    numbers = "、".join(str(number) for number in place.row_numbers)
    return Words(f"第 {numbers} 行", "row")


def _version(history: History, version: Version, found: Explanation, catalogue: Catalogue) -> VersionRow:
    since, until = found.batches[version.since], found.batches.get(version.until or 0)
    tone, state = _state(version)
    return VersionRow(
        dataset=dataset_title(catalogue, history.dataset),
        since=version.since,
        since_at=since.taken_over_at,
        until=version.until,
        until_at=until.taken_over_at if until else None,
        former=version.former,
        state=state,
        tone=tone,
    )


def _state(version: Version) -> tuple[str, Words]:
    if version.holds:
        return "green", Words("此时有效", "holds")
    if version.known and not version.valid:
        return "gold", Words("不在有效期", "not valid then")
    if version.known:
        return "gold", Words("不归入基础库", "not of the register")
    return "", Words("此时不是所知", "not known then")


def _refused(row: explanations.RefusedRow, catalogue: Catalogue) -> RefusedLine:
    _, outcome = words.ROW_OUTCOMES[row.outcome]
    reasons = tuple(rule_words(row.dataset, rule, catalogue) for rule in row.rule_ids)
    return RefusedLine(dataset_title(catalogue, row.dataset), row.batch, row.row_number, outcome, reasons)


def _case(case: explanations.CaseLine, register: Register, catalogue: Catalogue) -> CaseLine:
    tone, state = words.CASE_STATES[case.state]
    titles = {one.name: one.title_zh for one in register.attributes}
    cause = words.CASE_CAUSES[case.cause]
    if case.rule_id is not None:
        cause = rule_words(case.dataset, case.rule_id, catalogue)
    elif case.attribute is not None:
        cause = Words(f"{titles.get(case.attribute, case.attribute)}{cause.zh}", f"{case.attribute} {cause.en}")
    return CaseLine(case.number, dataset_title(catalogue, case.dataset), cause, state, tone, case.opened_at)


def _notes(found: Explanation, catalogue: Catalogue) -> Iterator[Words]:
    """What makes the answer less than it looks."""
    for history in found.histories:
        title = dataset_title(catalogue, history.dataset)
        if found.as_of is not None and not history.valid_time:
            yield Words(f"{title.zh}的契约没有写明有效期，按任一天有效处理", f"{title.en} names no valid time")
        if history.incomplete_before is not None:
            before = history.incomplete_before
            yield Words(f"{title.zh}第 {before} 批以前的历史已到期清除", f"history up to batch {before} expired")
