"""An explanation as lines for a terminal: Chinese first, English beside.

for line in lines_of(explanation, places, catalogue, values=False): print(line)
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from certificates.china_time import CHINA
from registries.departments import Catalogue
from registries.landed_search import Place
from registries.store.explanations import CaseLine, Explanation, History, RefusedRow, Said

Places = Mapping[tuple[str, int], Place]
_MARKS = {
    "vanished": "来源中已消失 vanished from its source",
    "update_refused": "有更新被拒 an update was refused",
}
_AGREES = {True: "一致 agrees", False: "不一致 differs", None: "无值 no value"}
_CAUSES = {"finding": "质量问题 finding", "conflict": "多源不一致 conflict", "vanished": "来源中消失 vanished"}


def lines_of(found: Explanation, places: Places, catalogue: Catalogue, *, values: bool) -> Iterator[str]:
    """The whole explanation; values only if they were asked for."""
    register = catalogue.register(found.register)
    former = f"  曾用 former: {', '.join(found.keys[1:])}" if found.keys[1:] else ""
    yield f"{register.title_zh} {register.title_en}  {found.keys[0]}{former}"
    yield (
        f"有效于 as of {found.as_of or '任一天 any day'} · "
        f"当时所知 known at {_time(found.known_at) if found.known_at else '现在 now'}"
    )
    if not found.known:
        yield "此时基础库中没有该主体 / not in the register at that moment"
    titles = {one.name: one.title_zh for one in register.attributes}
    for decision in found.decisions:
        yield f"\n{titles[decision.attribute]} {decision.attribute}"
        if decision.said is None:
            yield "  没有值 nobody has a value"
        else:
            yield from _said(decision.said, found, places, catalogue, values=values)
        for other in decision.others:
            shown = f"  {other.value or ''}" if values else ""
            yield f"  其他 other: {_named(other)} {_AGREES[other.agrees]}{_marked(other)}{shown}"
    yield from _beside(found, catalogue)


def _said(said: Said, found: Explanation, places: Places, catalogue: Catalogue, *, values: bool) -> Iterator[str]:
    department = catalogue.department(said.department).name_zh
    yield f"  ✓ {department} {_named(said)}{_marked(said)}" + (f"  = {said.value}" if values else "")
    facts = found.batches[said.batch]
    when = _time(facts.taken_over_at) if facts.taken_over_at else ""
    since = f" · 该值始于第 {said.value_batch} 批 value since" if said.value_batch != said.batch else ""
    contract = f"契约 contract {facts.contract_version}"
    yield f"    第 {said.batch} 批 batch  {when}  交付 by {facts.deliverer}  {contract}{since}"
    yield f"    落地 landed {_landed(said, found, places)}"


def _landed(said: Said, found: Explanation, places: Places) -> str:
    facts = found.batches[said.batch]
    place = places.get((said.dataset, said.batch))
    kept = facts.landed or {}
    digest = f"{kept.get('original') or kept.get('parquet', '')}  sha256:{facts.landed_digest or ''}"
    if facts.expired is not None:
        return f"已到期清除 expired {facts.expired:%Y-%m-%d} ({facts.rule})  {digest}"
    if place is None or place.state == "expired":
        return f"文件已不在 expired  {digest}"
    if place.state == "found":
        return f"第 {', '.join(map(str, place.row_numbers))} 行 row  {digest}"
    return ("文件损坏 damaged" if place.state == "damaged" else "文件中未找到该行 row not found") + f"  {digest}"


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(sep=" ", timespec="seconds")


def _named(said: Said) -> str:
    return f"{said.dataset}.{said.column}  第 {said.precedence} 数源 authority {said.precedence}"


def _marked(said: Said) -> str:
    former = "  原号码名下 under a former key" if said.former else ""
    return former + (f"  [{_MARKS.get(said.mark, said.mark)}]" if said.mark else "")


def _beside(found: Explanation, catalogue: Catalogue) -> Iterator[str]:
    for history in found.histories:
        yield from _history(history)
    if found.refused:
        yield "\n隔离区 quarantine"
        yield from (_refused(row, catalogue) for row in found.refused)
    if found.cases:
        yield "\n工单 cases"
        yield from (_case(case) for case in found.cases)


def _history(history: History) -> Iterator[str]:
    yield f"\n版本 versions of {history.dataset}" + ("" if history.valid_time else "  (契约未写明有效期 no valid time)")
    if history.incomplete_before is not None:
        yield f"  第 {history.incomplete_before} 批以前的历史已到期清除 history up to that batch expired"
    for one in history.versions:
        until = f"第 {one.until} 批" if one.until else "现行 current"
        holds = "  ✓" if one.holds else "  (当日不在有效期 not valid then)" if one.known else ""
        yield f"  第 {one.since} 批 → {until}{'  原号码 former key' if one.former else ''}{holds}"


def _refused(row: RefusedRow, catalogue: Catalogue) -> str:
    rules = {rule.id: rule for rule in catalogue.dataset(row.dataset).rules}
    reasons = "; ".join(f"{rules[rule].zh} {rules[rule].en}" if rule in rules else rule for rule in row.rule_ids)
    return f"  {row.dataset} 第 {row.batch} 批第 {row.row_number} 行 row ({row.outcome}): {reasons}"


def _case(case: CaseLine) -> str:
    what = case.rule_id or case.attribute or ""
    return f"  #{case.number} {_CAUSES.get(case.cause, case.cause)} {what}  {case.dataset}  {case.state}"
