"""The first page: what a person's roles allow, and what the hub holds."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from exchange_api.pages.batch_views import rows_served
from exchange_api.pages.frames import frame_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.home import Holding, HomeView, Way
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import current_session, parts_of
from exchange_api.transactions import Transaction
from registries.store import batches, pages
from registries.store.batches import Batch

router = APIRouter()
SEE_OTHER = 303

_OFFICERS_WAYS = (
    Way(
        "/officer",
        "shield",
        Words("核验证照", "Verify a certificate"),
        Words(
            "键入或扫描证照编号，当场得到结论和签名回执。",
            "Type or scan a number; get a verdict and a signed receipt.",
        ),
    ),
    Way(
        "/officer/receipts",
        "paper",
        Words("我的回执", "My receipts"),
        Words("找回、补打、下载出具过的回执。", "Find, print again and download receipts."),
    ),
)
WAYS: dict[str, tuple[Way, ...]] = {
    "window_officer": _OFFICERS_WAYS,
    "approving_officer": _OFFICERS_WAYS,
    "publisher": (
        Way(
            "/publisher",
            "upload",
            Words("数据报送", "Publishing"),
            Words(
                "先试跑再归集；看清哪些行未接收、为什么、怎么改。",
                "Dry run first; see what was refused, why, and how to mend it.",
            ),
        ),
    ),
    "steward": (
        Way(
            "/steward",
            "chart",
            Words("数据质量", "Quality"),
            Words(
                "按部门、维度、时间看质量，每个分数都有分母。", "By department, dimension and time, with denominators."
            ),
        ),
        Way(
            "/steward/cases",
            "mend",
            Words("工单", "Cases"),
            Words("推动问题数据在源头改正。", "Get bad data mended at its source."),
        ),
    ),
}


@router.get("/", name="home_page")
@open_to(ANYBODY)
def home_page(request: Request) -> Response:
    """The ways that are open to this person; who is not signed in goes to sign in."""
    session = current_session(request)
    if session is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    parts = parts_of(request)
    catalogue = parts.catalogue
    with Transaction(parts.store_page) as work:
        held = tuple(
            _holding(line, batches.last_taken_over(work.conn, line.name))
            for line in pages.datasets(work.conn)
            if line.name in catalogue  # what was retired keeps its tables, and is shown no more
        )
    ways = tuple(dict.fromkeys(way for role, ways in WAYS.items() if role in session.roles for way in ways))
    view = HomeView(ways, held, parts.clock())
    lede = Words(f"{session.name}，您好。", "Welcome.")
    return render("home.html", frame_of(request, session, Words("首页", "Home"), lede), view)


def _holding(line: pages.DatasetLine, last: Batch | None) -> Holding:
    title = Words(line.title_zh, line.title_en)
    return Holding(title, line.department_zh, rows_served(last), last.number if last else None, line.data_as_of)
