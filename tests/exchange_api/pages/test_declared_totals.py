"""What a department declares to have issued, and what was asked: from the form and the questions to the dashboards."""

import csv
import io
from collections.abc import Callable

import httpx

from mianzheng import dashboard_pass
from registries.home import Role
from registries.store import batches, dashboard_reads, dashboards, inspections
from registries.store.dashboard_reads import Period
from tests.exchange_api.conftest import DATASET, ITEM, OTHER_HOLDER, TYPE, Asking, Certificates, Clock, Hub, Served
from tests.exchange_api.pages.signing_in import token

PLACE = "/publisher/declared-totals"
OURS = "market_regulation"
Signing = Callable[[str], httpx.Client]
Making = Callable[..., int]


def count(hub: Hub, clock: Clock) -> None:
    """What the worker does in between."""
    load = hub.store(Role.LOAD)
    with load.begin() as conn:
        while inspections.catch_up(conn):
            pass
    dashboard_pass.look_once(load, clock())


def declared(publisher: httpx.Client, **given: str) -> httpx.Response:
    form = {"csrf_token": token(publisher.get(PLACE)), "type": TYPE, "year": "2020", "issued": "4"}
    return publisher.post(PLACE, data=form | given)


def test_a_declaration_makes_coverage_and_another_department_has_none(
    hub: Hub, served: Served, certificates: Certificates, clock: Clock, sign_in: Signing, make_account: Making
) -> None:
    make_account("publisher", "publisher", department=OURS)
    make_account("elsewhere", "publisher", department="civil_affairs")
    make_account("steward", "steward")
    certificates.rows = {}
    for number in ("A-1", "A-2", "A-3"):
        certificates.add(number)
    with hub.store(Role.LOAD).begin() as conn:  # the deliveries of these tests end without the intake's own last step
        last = batches.last_done(conn, DATASET)
        assert last is not None
        dashboards.note_batch(conn, last)
    count(hub, clock)
    publisher, steward = sign_in("publisher"), sign_in("steward")
    assert "未申报" in publisher.get(PLACE).text
    assert declared(publisher, issued="9").status_code == 303
    assert declared(publisher, issued="4").status_code == 303  # a later word, and the one that counts
    shown = publisher.get(PLACE).text
    assert "75.00" in shown
    assert "publisher" in shown
    sheet = steward.get("/steward/boards/coverage.csv?by=each&since=2013")
    (line,) = list(csv.reader(io.StringIO(sheet.text.removeprefix("\ufeff"))))[1:]
    assert line[2:8] == ["2020 年", "3", "0", "4", "3", "1"]
    assert line[8:11] == ["75.0", "4", "1"]
    elsewhere = sign_in("elsewhere")
    assert declared(elsewhere).status_code == 422  # no type of that department
    assert served.url


def test_what_is_no_number_is_refused_with_the_field_at_fault(
    served: Served, sign_in: Signing, make_account: Making
) -> None:
    make_account("publisher", "publisher", department=OURS)
    publisher = sign_in("publisher")
    wrong = {"year": "2027 二〇", "issued": "-1", "type": "none"}
    for name, value in wrong.items():
        answered = declared(publisher, **{name: value})
        assert (answered.status_code, 'role="alert"' in answered.text) == (422, True)
    assert declared(publisher, year="2999").status_code == 422
    assert declared(publisher, issued="1,204").status_code == 303
    assert "1,204" in publisher.get(PLACE).text
    assert publisher.post(PLACE, data={"type": TYPE}).status_code == 403  # not by our form
    assert served.url


def test_use_is_counted_by_item_and_type_from_the_ledger(
    hub: Hub, served: Served, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add("A-1")
    for number, holder in (("A-1", None), ("A-1", None), ("A-2", None), ("A-1", OTHER_HOLDER)):
        asked = asking.ask(served, number) if holder is None else asking.ask(served, number, holder)
        assert asked.status_code == 200
    for _ in range(2):
        count(hub, clock)
    day = clock().date()
    with hub.store(Role.PAGE).begin() as conn:
        uses = dashboard_reads.uses(conn, Period(day, day))
        before = dashboard_reads.uses(conn, Period(day.replace(day=1), day.replace(day=1)))
    told = {(one.service_item, one.certificate_type, one.department, one.act, one.code): one.questions for one in uses}
    where = (ITEM, TYPE, "civil_affairs", "verification")
    assert told == {(*where, "valid"): 2, (*where, "no_match"): 2}
    assert before == []
