"""The quarterly circular (季度通报), from deliveries of three months to what is read in its files, over real HTTP."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC
from fractions import Fraction

import pytest
import sqlalchemy as sa

from quality.monthly import close_months
from registries.home import Role
from registries.store import report_entries
from tests.conftest import Hub
from tests.exchange_api.conftest import Served, serving
from tests.exchange_api.pages.signing_in import signed_in
from tests.exchange_api.pages.test_report_pages import NEVER_TOLD, cells_of, has_a_formula, text_of
from tests.quality.months import GOOD, LICENCE_ROWS, LICENCES, MARKET, NAMELESS, POLICE, RESIDENTS, Year, at

QUARTER = (7, 8, 9)
Making = Callable[..., int]
TOTALS = sa.text(
    """SELECT s.dataset, s.dimension, sum(s.checked) AS checked, sum(s.failed) AS failed
         FROM hub.score s JOIN hub.batch b ON b.number = s.batch
        WHERE s.dataset LIKE :names AND b.taken_over_at >= :since AND b.taken_over_at < :until
        GROUP BY s.dataset, s.dimension HAVING sum(s.checked) > 0"""
)


@pytest.fixture
def october(hub: Hub, make_account: Making) -> Iterator[Served]:
    """The third quarter is closed: residents nameless in July and August, mended in September; licences in order."""
    year = Year(hub)
    for month in QUARTER:
        year.deliver(at(month, 5), RESIDENTS, GOOD if month == QUARTER[-1] else NAMELESS)
        year.deliver(at(month, 6), LICENCES, LICENCE_ROWS)
    close_months(hub.store(Role.LOAD), at(10, 1, 0))
    make_account("steward", "steward", department=MARKET)
    make_account("clerk", "publisher", department=POLICE)
    with serving(hub, lambda: at(10, 2).astimezone(UTC)) as served:
        yield served


def month_total(hub: Hub, department: str, since: dt.datetime, until: dt.datetime) -> Fraction:
    """A department's points of a month, worked out from the scores of its batches."""
    with hub.store(Role.OWNER).begin() as conn:
        rows = conn.execute(TOTALS, {"names": f"{department}.%", "since": since, "until": until}).all()
    shares: dict[str, list[Fraction]] = {}
    for row in rows:
        shares.setdefault(row.dataset, []).append(1 - Fraction(int(row.failed), int(row.checked)))
    means = [Fraction(sum(found), len(found)) for found in shares.values()]
    return Fraction(sum(means), len(means))


def shown(share: Fraction) -> str:
    """As people read it: hundredths of a point, cut."""
    cut = int(share * 10_000)
    return f"{cut // 100}.{cut % 100:02}"


def test_the_circular_says_what_the_quarter_was(october: Served, hub: Hub) -> None:
    of_months = {
        department: [month_total(hub, department, at(month, 1, 0), at(month + 1, 1, 0)) for month in QUARTER]
        for department in (POLICE, MARKET)
    }
    totals = {department: Fraction(sum(found), 3) for department, found in of_months.items()}
    assert max(of_months[POLICE][:2]) < 1
    assert of_months[POLICE][1] < of_months[POLICE][2]  # mended in September
    names = {one.id: one.name_zh for one in hub.catalogue.departments}
    with ExitStack() as closing:
        steward, clerk = (signed_in(october, login, closing) for login in ("steward", "clerk"))
        pdf, again = (steward.get("/reports/quarterly/2026-Q3.pdf") for _ in range(2))
        book = steward.get("/reports/quarterly/2026-Q3.xlsx")
        assert (pdf.status_code, book.status_code) == (200, 200)
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content == again.content
        assert clerk.get("/reports/quarterly/2026-Q3.pdf").status_code == 403
        for wrong in ("2026-Q4", "2026-Q2", "2026-Q5"):
            assert steward.get(f"/reports/quarterly/{wrong}.pdf").status_code == 404
    told, cells = text_of(pdf.content), cells_of(book.content)
    assert "季度通报：2026 年第 3 季度" in told
    for department, found in of_months.items():
        assert names[department] in told
        for share in (totals[department], *found):
            assert shown(share) in told
            assert str(float(Fraction(int(share * 10_000), 10_000))) in cells
    places = sorted(totals, key=lambda department: -totals[department])
    assert [cells[cells.index(names[department]) - 1] for department in places] == ["1", "2"]
    for heading in ("部门评分", "2026-07", "2026-08", "2026-09", "成熟度"):
        assert heading in told
    months = [cell.partition("\n")[0] for cell in cells if cell.startswith("2026-0")]
    assert months[:3] == ["2026-07", "2026-08", "2026-09"]
    assert not has_a_formula(book.content)
    assert NEVER_TOLD not in told + "".join(cells)
    with hub.store(Role.PAGE).begin() as conn:
        for made in (pdf.content, book.content):
            assert report_entries.known(conn, hashlib.sha256(made).digest())
