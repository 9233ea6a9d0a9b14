"""The publisher's desk in words and tones."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from exchange_api.contract_changes import Broken, Changed
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.case_lines import defect
from exchange_api.pages.rendering import points
from exchange_api.pages.views.desk import (
    ChangeCard,
    Concerned,
    Desk,
    DeskCaseRow,
    DeskTile,
    DifferenceRow,
    ReplyRow,
)
from exchange_api.pages.views.frame import Words
from exchange_api.publisher_desk import DeskCase, DeskCases, Standing
from registries.departments import Catalogue
from registries.store.delivery_replies import Reply
from registries.store.grant_readers import Reader

REPLIES_ON_DESK: Final = 5
BANDS: Final[Mapping[str | None, Words]] = {
    "green": Words("绿", "green"),
    "yellow": Words("黄", "yellow"),
    "orange": Words("橙", "orange"),
    "red": Words("红", "red"),
    None: Words("无数据", "no data"),
}
_CARDS: Final[Mapping[str | None, tuple[str, Words]]] = {
    "red": ("red", Words("红牌，已逾期", "red: overdue")),
    "yellow": ("gold", Words("黄牌，即将到期", "yellow: due soon")),
    None: ("blue", Words("办理中", "open")),
}
_STATES: Final[Mapping[str, tuple[str, Words]]] = {
    "waiting": ("blue", Words("待写出", "to be written")),
    "written": ("green", Words("已写入投递目录", "in your folder")),
    "kept": ("gold", Words("可在此下载", "download it here")),
    "expired": ("", Words("已过保存期", "expired")),
}
_STEPS: Final[Mapping[str, tuple[str, Words]]] = {
    "major": ("red", Words("破坏性", "breaking")),
    "minor": ("gold", Words("扩展", "minor")),
    "patch": ("blue", Words("修订", "patch")),
}
_ACTS: Final[Mapping[str, Words]] = {
    "verification": Words("核验", "verification"),
    "matching": Words("比对", "matching"),
    "query": Words("查询", "query"),
    "retrieval": Words("调阅", "retrieval"),
}


def desk_view(standing: Standing, cases: DeskCases, replies: Iterable[Reply], catalogue: Catalogue) -> Desk:
    """The head of the publisher's page."""
    return Desk(
        (_total(standing), _rank(standing), _open_cases(cases), _overdue(cases)),
        tuple(_case(each, catalogue) for each in cases.first),
        reply_rows(list(replies)[:REPLIES_ON_DESK], catalogue),
    )


def _total(standing: Standing) -> DeskTile:
    total, band = standing.grade.total, BANDS[standing.grade.band]
    level = standing.grade.maturity
    graded = Words(f"{band.zh}，成熟度 {level} / 3", f"{band.en}, maturity {level}")
    return DeskTile(Words("本部门得分", "Our score"), _points(total), band if total is None else graded)


def _rank(standing: Standing) -> DeskTile:
    figure = "—" if standing.rank is None else f"{standing.rank} / {standing.of}"
    others = _points(standing.median)
    return DeskTile(Words("名次", "Rank"), figure, Words(f"其他部门中位数 {others}", f"median of the others {others}"))


def _open_cases(cases: DeskCases) -> DeskTile:
    figures = cases.figures
    note = Words("没有待办工单", "nothing to mend")
    if figures is not None and figures.rows:
        mended = figures.rows - figures.rows_open
        note = Words(f"已改 {mended:,} / {figures.rows:,} 行", f"{mended:,} of {figures.rows:,} rows mended")
    return DeskTile(Words("待办工单", "Open cases"), f"{figures.open if figures else 0:,}", note, "/publisher/cases")


def _overdue(cases: DeskCases) -> DeskTile:
    figures = cases.figures
    soon, overdue = (figures.due_soon, figures.overdue) if figures else (0, 0)
    note = Words(f"即将到期 {soon:,}", f"{soon:,} due soon")
    return DeskTile(Words("逾期", "Overdue"), f"{overdue:,}", note, "/publisher/cases?card=red")


def _points(share: Fraction | None) -> str:
    return "—" if share is None else points(float(share))


def _case(each: DeskCase, catalogue: Catalogue) -> DeskCaseRow:
    tone, card = _CARDS[each.card]
    if each.case.stopped_at is not None:
        tone, card = "", Words("已停表", "clock stopped")
    title = dataset_title(catalogue, each.case.dataset)
    counts = (each.case.rows_open, each.case.rows)
    return DeskCaseRow(each.case.number, title, defect(each.case, catalogue), *counts, each.case.due_on, tone, card)


def reply_rows(replies: Iterable[Reply], catalogue: Catalogue) -> tuple[ReplyRow, ...]:
    """Replies to files."""
    return tuple(_reply(each, catalogue) for each in replies)


def _reply(each: Reply, catalogue: Catalogue) -> ReplyRow:
    tone, state = _STATES[each.state]
    names = (("receipt", Words("回执", "receipt")), ("refused", Words("未接收的行", "refused rows")))
    files = names[: len(each.written)] if each.state == "kept" else ()
    title = dataset_title(catalogue, each.dataset)
    return ReplyRow(each.id, each.file_name, title, each.made_at, tone, state, _says(each), each.batch, files)


def _says(each: Reply) -> Words:
    outcome: Mapping[str, Any] = each.outcome or {}
    if "code" in outcome:
        return Words(f"文件未能读取：{outcome['zh']}", f"not readable: {outcome['en']}")
    if each.kind == "trial":
        counts = outcome.get("counts") or {}
        refused = counts.get("quarantined", 0) + counts.get("held", 0)
        pulled = counts.get("pulled", 0)
        return Words(
            f"试报，未入库：{pulled:,} 行中 {refused:,} 行不合格",
            f"dry run: of {pulled:,} rows {refused:,} would be refused",
        )
    return Words(f"第 {each.batch} 批", f"batch {each.batch}")


def change_card(changed: Changed, catalogue: Catalogue) -> ChangeCard:
    """One change, accepted or drafted."""
    title = (
        Words("草案与现行契约的差异", "The draft against the contract in force")
        if changed.version is None
        else Words(f"目录第 {changed.version} 版", f"version {changed.version} of the catalogue")
    )
    rows = tuple(_difference(each, catalogue) for each in changed.differences)
    return ChangeCard(title, changed.breaking, tuple(Words(zh, en) for zh, en in changed.told), rows)


def _difference(each: Broken, catalogue: Catalogue) -> DifferenceRow:
    tone, step = _STEPS[each.difference.step]
    items = tuple(
        Concerned(Words(item.name_zh, item.name_en), _department(item.department, catalogue)) for item in each.items
    )
    return DifferenceRow(
        Words(each.difference.zh, each.difference.en),
        tone,
        step,
        tuple(Words(party.zh, party.en) for party in each.difference.whom),
        items,
        tuple(_grant(reader, catalogue) for reader in each.readers),
    )


def _grant(reader: Reader, catalogue: Catalogue) -> Concerned:
    act = _ACTS[reader.act]
    what = reader.service_item or reader.purpose
    return Concerned(Words(f"{act.zh}：{what}", f"{act.en}: {what}"), _department(reader.department, catalogue))


def _department(name: str, catalogue: Catalogue) -> str:
    return next((one.name_zh for one in catalogue.departments if one.id == name), name)
