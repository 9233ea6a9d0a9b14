"""What stands around a page: who is signed in, the menu of that person's roles, the way back, and the forms' token.

frame = frame_of(request, session, Words("工单", "Cases"), crumbs=(QUALITY,))
"""

from fastapi import Request

from exchange_api.pages.views.frame import Crumb, Frame, MenuItem, Person, Words
from exchange_api.sessions import Session
from exchange_api.sign_in import csrf_token, parts_of

TEXT_COOKIE = "mz_text"
LARGE = "large"

HOME = Crumb(Words("首页", "Home"), "/")
_HOME_ITEM = ("/", "home", HOME.words)
_CATALOGUE_ITEM = ("/catalogue", "list", Words("目录", "Catalogue"))
MENU: dict[str, tuple[tuple[str, str, Words], ...]] = {
    "officer": (
        ("/officer", "shield", Words("核验证照", "Verify")),
        ("/officer/receipts", "paper", Words("我的回执", "My receipts")),
        ("/verify", "key", Words("文件验真", "Verify a file")),
    ),
    "publisher": (("/publisher", "upload", Words("数据报送", "Publishing")),),
    "steward": (
        ("/steward", "chart", Words("数据质量", "Quality")),
        ("/steward/cases", "mend", Words("工单", "Cases")),
        ("/steward/subjects", "key", Words("主体合并", "Joined subjects")),
        ("/steward/explain", "question", Words("数据溯源", "Provenance")),
        ("/trust", "shield", Words("密钥与信任", "Keys and trust")),
    ),
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
    )


def plain_frame(request: Request, title: Words) -> Frame:
    """The frame of a page for somebody who is not signed in."""
    return Frame(title=title, csrf=csrf_token(request), large_text=_large_text(request))


def department_name(request: Request, department: str) -> str:
    """The name of a department as the catalogue has it; an account may be of one that publishes nothing."""
    known = {one.id: one.name_zh for one in parts_of(request).catalogue.departments}
    return known.get(department, department)


def _menu(session: Session, path: str) -> tuple[MenuItem, ...]:
    items = [_HOME_ITEM, *(item for role, items in MENU.items() if role in session.roles for item in items)]
    items.append(_CATALOGUE_ITEM)
    here = max((href for href, _, _ in items if _is_below(path, href)), key=len, default="")
    return tuple(MenuItem(href, icon, words, href == here) for href, icon, words in items)


def _is_below(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))


def _large_text(request: Request) -> bool:
    return request.cookies.get(TEXT_COOKIE) == LARGE
