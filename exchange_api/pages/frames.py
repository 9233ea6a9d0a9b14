"""What stands around a page: who is signed in, the menu of that person's roles, the way back, and the forms' token.

frame = frame_of(request, session, Words("工单", "Cases"), crumbs=(QUALITY,))
"""

from fastapi import Request

from exchange_api.alerting.grouping import WHO
from exchange_api.pages.views.frame import Crumb, Frame, MenuItem, Person, Words
from exchange_api.sessions import Session
from exchange_api.sign_in import csrf_token, parts_of

TEXT_COOKIE = "mz_text"
LARGE = "large"
HEAR = frozenset(role for those in WHO.values() for role, _ in those)
"""Roles whose people hear of something: they have the bell."""

HOME = Crumb(Words("首页", "Home"), "/")
_HOME_ITEM = ("/", "home", HOME.words)
_CATALOGUE_ITEM = ("/catalogue", "list", Words("目录", "Catalogue"))
_OFFICERS_ITEMS = (
    ("/officer", "shield", Words("核验证照", "Verify")),
    ("/officer/sheet", "list", Words("批量核验", "Spreadsheet")),
    ("/officer/case-check", "list", Words("一件事核对", "Case check")),
    ("/officer/today", "clock", Words("今日核验", "Today")),
    ("/officer/receipts", "paper", Words("我的回执", "My receipts")),
    ("/verify", "key", Words("文件验真", "Verify a file")),
    ("/officer/disputes", "mend", Words("我方异议", "Disputes filed")),
    ("/officer/objections", "question", Words("受理异议", "Objections")),
    ("/officer/completions", "upload", Words("存量证照补全", "Paper-era certificates")),
    ("/officer/asked-about", "question", Words("谁查询过我", "Who asked about me")),
)
_INSPECTION_ITEM = ("/inspector", "shield", Words("监督检查", "Inspection"))
_PEOPLE_ITEMS = (
    ("/people/accounts", "list", Words("账号管理", "Accounts")),
    ("/people/clients", "key", Words("系统客户端", "Client systems")),
    ("/people/watches", "info", Words("订阅与通知", "Watches")),
    ("/people/acts", "paper", Words("管理记录", "Administration log")),
)
_RIGHTS_ITEMS = (
    ("/applications", "paper", Words("共享申请", "Applications")),
    ("/grants", "key", Words("数据授权", "Grants")),
)
_BOARDS_ITEM = ("/steward/boards", "chart", Words("看板", "Dashboards"))
_CARD_ITEM = ("/scorecard", "chart", Words("本部门评分卡", "Our scorecard"))
_REPORTS_ITEM = ("/reports", "paper", Words("评分与报告", "Grades and reports"))
_DEADLINES_ITEM = ("/deadlines", "clock", Words("期限督办", "Deadlines"))
_OWN_CASES_ITEM = ("/publisher/cases", "mend", Words("我的工单", "My cases"))
_TO_ANSWER_ITEMS = (
    ("/publisher/objections", "question", Words("待核查的异议", "Objections to check")),
    ("/publisher/completions", "shield", Words("待确认的补全", "Completions to confirm")),
)
MENU: dict[str, tuple[tuple[str, str, Words], ...]] = {
    "window_officer": _OFFICERS_ITEMS,
    "approving_officer": (*_OFFICERS_ITEMS, *_RIGHTS_ITEMS),
    "publisher": (
        ("/publisher", "upload", Words("数据报送", "Publishing")),
        _OWN_CASES_ITEM,
        _CARD_ITEM,
        ("/publisher/held", "pause", Words("挂起的批次", "Held batches")),
        *_TO_ANSWER_ITEMS,
        ("/publisher/declared-totals", "shield", Words("年度签发数", "Certificates issued")),
    ),
    "steward": (
        _BOARDS_ITEM,
        ("/steward", "check", Words("数据质量", "Quality")),
        _REPORTS_ITEM,
        ("/steward/cases", "mend", Words("工单", "Cases")),
        ("/steward/held", "pause", Words("挂起的批次", "Held batches")),
        ("/steward/disputes", "warn", Words("待校核异议", "Disputes to check")),
        *_TO_ANSWER_ITEMS,
        ("/steward/subjects", "key", Words("主体合并", "Joined subjects")),
        ("/steward/explain", "question", Words("数据溯源", "Provenance")),
        ("/steward/unmask", "warn", Words("查看明文", "Show in clear")),
        ("/trust", "shield", Words("密钥与信任", "Keys and trust")),
    ),
    "department_administrator": (*_RIGHTS_ITEMS, _OWN_CASES_ITEM, _DEADLINES_ITEM, _BOARDS_ITEM, *_PEOPLE_ITEMS),
    "hub_administrator": (*_RIGHTS_ITEMS, _REPORTS_ITEM, _DEADLINES_ITEM, _BOARDS_ITEM, *_PEOPLE_ITEMS),
    "inspector": (_INSPECTION_ITEM, ("/inspector/searches", "question", Words("按主体检索", "Search by subject"))),
    "auditor": (_INSPECTION_ITEM, *_RIGHTS_ITEMS, _REPORTS_ITEM, _DEADLINES_ITEM, _BOARDS_ITEM, *_PEOPLE_ITEMS),
}
"""What each role finds in the menu, in this order."""


def frame_of(
    request: Request, session: Session, title: Words, lede: Words | None = None, crumbs: tuple[Crumb, ...] = ()
) -> Frame:
    """The frame of a page for somebody who is signed in; `crumbs` are the places between home and here."""
    path = request.url.path
    return Frame(
        title=title,
        csrf=csrf_token(request),
        lede=lede,
        crumbs=(HOME, *crumbs, Crumb(title)) if path != "/" else (),
        menu=_menu(session, path),
        person=Person(session.name, department_name(request, session.department)),
        large_text=_large_text(request),
        roles=session.roles,
        bell=not HEAR.isdisjoint(session.roles),
    )


def plain_frame(request: Request, title: Words) -> Frame:
    """The frame of a page for somebody who is not signed in."""
    return Frame(title=title, csrf=csrf_token(request), large_text=_large_text(request))


def department_name(request: Request, department: str) -> str:
    """The name of a department as the catalogue has it; an account may be of one that publishes nothing."""
    known = {one.id: one.name_zh for one in parts_of(request).catalogue.departments}
    return known.get(department, department)


def _menu(session: Session, path: str) -> tuple[MenuItem, ...]:
    allowed = (item for role, items in MENU.items() if role in session.roles for item in items)
    items = list(dict.fromkeys((_HOME_ITEM, *allowed, _CATALOGUE_ITEM)))
    here = max((href for href, _, _ in items if _is_below(path, href)), key=len, default="")
    return tuple(MenuItem(href, icon, words, href == here) for href, icon, words in items)


def _is_below(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))


def _large_text(request: Request) -> bool:
    return request.cookies.get(TEXT_COOKIE) == LARGE
