"""Alerts end to end: noted in a real store, grouped, mailed to a real server, posted over TLS, shown on the page."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
import sqlalchemy as sa

from certificates.keys import KeyPurpose
from certificates.message_signatures import Signed, digest_matches, verify_message
from certificates.published_keys import published_keys
from exchange_api.alerting.grouping import CHINA, GROUPED_FOR, closes_at
from exchange_api.alerting.posting import LEASE, AlertPoster
from exchange_api.watching.messages import POST_TAG, posted_components
from exchange_api.watching.posting import MOST_ATTEMPTS, until_nothing_is_due
from mianzheng.alert_loop import alert_poster
from mianzheng.alert_pass import AlertPass, look_once
from registries.alert_settings import FILE, AlertSettings, Quiet, alert_settings
from registries.errors import HomeError
from registries.home import Role
from registries.store import alert_deliveries, alerts
from registries.store.alert_deliveries import Wishes
from registries.store.alerts import Alert
from registries.webhook_hosts import WebhookHosts, pinned
from registries.working_days import shipped
from tests.exchange_api.conftest import Clock, Hub, Served
from tests.exchange_api.pages.signing_in import signed_in, token
from tests.hooks import Hook, Reply, hooks
from tests.mail_server import MailServer, mail_server

BEFORE = 100
"""Batches that fixtures made have smaller numbers."""

DATASET, OTHER = "civil_affairs.marriages", "transport.driver_permits"
BATCH = """
INSERT INTO hub.batch (number, dataset, sequence, state, source, identity, contract_version, deliverer, opened_at,
                       pulled, accepted, quarantined, held, new, changed, unchanged, deleted, repeated, hold_reason)
VALUES (:number, :dataset, :number, 'done', 's', :identity, '1', 'd', :at, 10, :accepted, :refused, :held, :accepted,
        0, 0, 0, 0, :reason)
"""
CASE = """
INSERT INTO hub."case" (kind, cause, dataset, department, rule_id, opened_at, due_on, state, rows, rows_open)
VALUES ('rectification', 'finding', :dataset, :department, :rule, :at, :due, 'open', 1, 1) RETURNING number
"""


def add_batch(hub: Hub, clock: Clock, number: int, dataset: str = DATASET, *, held: bool = False) -> None:
    counts = {"accepted": 0, "refused": 0, "held": 10} if held else {"accepted": 7, "refused": 3, "held": 0}
    bound = {"number": BEFORE + number, "dataset": dataset, "identity": f"i{number}", "at": clock(), **counts}
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text(BATCH), bound | {"reason": "batch-rows" if held else None})


def add_case(hub: Hub, clock: Clock, due: dt.date, rule: str = "issued_on-in_future", dataset: str = DATASET) -> int:
    bound = {"dataset": dataset, "department": dataset.partition(".")[0], "rule": rule, "at": clock(), "due": due}
    with hub.store(Role.OWNER).begin() as conn:
        number: int = conn.execute(sa.text(CASE), bound).scalar_one()
    return number


def look(hub: Hub, clock: Clock) -> int:
    return look_once(hub.home, hub.store(Role.LOAD), clock())


def told(hub: Hub, account: int) -> list[Alert]:
    with hub.store(Role.PAGE).begin() as conn:
        return alerts.of_account(conn, account)


def kinds(hub: Hub, account: int) -> list[tuple[str, str, int]]:
    return sorted((one.kind, one.dataset, one.count) for one in told(hub, account))


def wish(hub: Hub, account: int, **how: object) -> None:
    with hub.store(Role.PAGE).begin() as conn:
        alert_deliveries.keep_wishes(conn, account, Wishes(**how))  # type: ignore[arg-type]  # a test's shorthand


def counts(hub: Hub) -> dict[str, int]:
    with hub.store(Role.PAGE).begin() as conn:
        return {state: count for state, count in alert_deliveries.counts(conn).items() if count}


@pytest.fixture
def mail(hub: Hub) -> Iterator[MailServer]:
    """A relay that the operator has set up."""
    with mail_server() as running:
        relay = {"relay": f"127.0.0.1:{running.port}", "sender": "hub@hub.example", "security": "none"}
        content = {"address": "https://hub.example/", "mail": relay, "working_days_only": False}
        (hub.home.path / FILE).write_text(json.dumps(content))
        yield running


@pytest.fixture
def poster(served: Served, hub: Hub, clock: Clock) -> Iterator[AlertPoster]:  # noqa: ARG001 - its keys have been made
    with alert_poster(hub.home, clock) as made:
        made.jitter = lambda: 0.5
        yield made


def test_who_hears_of_what_and_several_of_a_kind_are_one(
    hub: Hub, clock: Clock, make_account: Callable[..., int]
) -> None:
    publisher, other = make_account("p", "publisher"), make_account("o", "publisher", department="transport")
    steward, head = make_account("s", "steward", department="tax"), make_account("h", "department_administrator")
    authority, officer = make_account("a", "hub_administrator", department="tax"), make_account("w", "window_officer")
    today = clock().date()  # a Monday
    add_batch(hub, clock, 1)
    add_batch(hub, clock, 2)
    add_batch(hub, clock, 3, OTHER, held=True)
    add_case(hub, clock, today + dt.timedelta(days=9))
    add_case(hub, clock, today + dt.timedelta(days=2), "man-of_age")
    red = add_case(hub, clock, today - dt.timedelta(days=3), "woman-of_age")
    add_case(hub, clock, today + dt.timedelta(days=9), "freshness-in_time", OTHER)
    with hub.store(Role.OWNER).begin() as conn:
        step = sa.text("INSERT INTO hub.case_step (case_number, at, act, by) VALUES (:n, :at, 'escalated', 'hub')")
        conn.execute(step, {"n": red, "at": clock()})
        drift = sa.text(
            "INSERT INTO hub.score (batch, dataset, rule_id, rule_version, dimension, indicator, level, checked, "
            "failed) VALUES (101, :dataset, 'volume-drift', '1', 'accuracy', '0301', 2, 1, 1)"
        )
        conn.execute(drift, {"dataset": DATASET})
    assert look(hub, clock) > 0
    assert kinds(hub, publisher) == [
        ("case_opened", DATASET, 3),
        ("red", DATASET, 1),
        ("refused", DATASET, 2),
        ("yellow", DATASET, 1),
    ]
    assert kinds(hub, other) == [("held", OTHER, 1), ("late", OTHER, 1)]
    assert kinds(hub, steward) == [
        ("drift", DATASET, 1),
        ("held", OTHER, 1),
        ("late", OTHER, 1),
        ("overdue", DATASET, 1),
    ]
    assert kinds(hub, head) == kinds(hub, authority) == [("escalated", DATASET, 1)]
    assert kinds(hub, officer) == []

    assert look(hub, clock) == 0, "each thing is told once"
    clock.move(minutes=5)
    add_batch(hub, clock, 4)
    assert look(hub, clock) == 0, "it joins what is not closed yet"
    assert ("refused", DATASET, 3) in kinds(hub, publisher)
    clock.move(minutes=10)
    add_batch(hub, clock, 5)
    assert look(hub, clock) == 1
    latest = told(hub, publisher)[0]
    assert (latest.kind, latest.count, latest.reference) == ("refused", 1, "105")


def test_what_is_long_over_floods_nobody(hub: Hub, clock: Clock, make_account: Callable[..., int]) -> None:
    make_account("p", "publisher")
    add_batch(hub, clock, 1)
    add_case(hub, clock, clock().date())
    clock.move(days=50)
    assert look(hub, clock) == 0


def test_alerts_go_after_a_year(hub: Hub, clock: Clock, make_account: Callable[..., int]) -> None:
    account = make_account("p", "publisher")
    wish(hub, account, mail="clerk@civil.example")
    add_batch(hub, clock, 1)
    look(hub, clock)
    clock.move(days=390)
    look(hub, clock)
    assert kinds(hub, account) == [("refused", DATASET, 1)]
    clock.move(days=20)
    look(hub, clock)
    assert kinds(hub, account) == []
    assert counts(hub) == {}


MORNING = dt.datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
NIGHT = AlertSettings(quiet=Quiet(dt.time(18), dt.time(8, 30)))
LUNCH = Wishes(quiet_from=dt.time(9), quiet_until=dt.time(11))
EARLY = Wishes(quiet_from=dt.time(8), quiet_until=dt.time(9))
ANY_DAY = AlertSettings(working_days_only=False)


def at(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return MORNING.replace(month=month, day=day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("now", "settings", "wishes", "expected"),
    [
        (MORNING, None, Wishes(), MORNING + GROUPED_FOR),
        (MORNING, NIGHT, Wishes(), MORNING + GROUPED_FOR),
        (at(3, 2, 17, 55), NIGHT, Wishes(), at(3, 3, 8, 30)),
        (at(3, 2, 3), NIGHT, Wishes(), at(3, 2, 8, 30)),
        (at(2, 27, 20), NIGHT, Wishes(), at(2, 28, 8, 30)),  # a Friday; that Saturday is worked
        (at(2, 14, 20), NIGHT, Wishes(), at(2, 24, 8, 30)),  # nine days of spring festival
        (MORNING, None, LUNCH, at(3, 2, 11)),
        (at(3, 2, 7), NIGHT, EARLY, at(3, 2, 9)),
        (at(3, 7, 9), ANY_DAY, Wishes(), at(3, 7, 9) + GROUPED_FOR),
    ],
)
def test_nobody_is_disturbed_when_it_is_quiet(
    now: dt.datetime, settings: AlertSettings | None, wishes: Wishes, expected: dt.datetime
) -> None:
    assert closes_at(now, settings, wishes, shipped()) == expected


def test_always_quiet_is_still_told_in_the_end() -> None:
    never = AlertSettings(quiet=Quiet(dt.time(0), dt.time(23, 59)))
    always = Wishes(quiet_from=dt.time(23, 58), quiet_until=dt.time(0, 1))
    assert closes_at(MORNING, never, always, shipped()) > MORNING


def test_a_mail_says_what_and_where_and_nothing_of_anybody(
    hub: Hub, clock: Clock, make_account: Callable[..., int], mail: MailServer, poster: AlertPoster
) -> None:
    publisher = make_account("p", "publisher")
    wish(hub, publisher, mail="clerk@civil.example", muted=("case_opened",))
    add_batch(hub, clock, 1)
    add_case(hub, clock, clock().date() - dt.timedelta(days=1))
    assert look(hub, clock) == 3
    assert until_nothing_is_due(poster.round) == (0, 0, 0), "more of a kind may come"
    clock.move(minutes=11)
    assert until_nothing_is_due(poster.round) == (2, 0, 0)
    assert until_nothing_is_due(poster.round) == (0, 0, 0)
    subjects = sorted(str(one["subject"]) for one in mail.taken)
    assert subjects == [f"【免证】已逾期 Overdue：{DATASET}", f"【免证】有行被退回 Rows refused：{DATASET}"]
    refused = next(one for one in mail.taken if "Rows refused" in str(one["subject"]))
    text = refused.get_content()
    assert "民政部“婚姻登记信息”" in text
    assert "1 个批次有行被退回，请改正后重新报送" in text
    assert "https://hub.example/publisher/batches/101" in text
    assert (refused["to"], refused["from"]) == ("clerk@civil.example", "hub@hub.example")
    assert "林小明" not in text


def test_a_mail_is_tried_again_and_given_up_for_good_reasons_only(
    hub: Hub, clock: Clock, make_account: Callable[..., int], mail: MailServer, poster: AlertPoster
) -> None:
    for login, answer in (("busy", "451 later"), ("gone", "550 no such mailbox"), ("fine", "")):
        wish(hub, make_account(login, "publisher"), mail=f"{login}@civil.example")
        if answer:
            mail.answers[f"{login}@civil.example"] = answer
    add_batch(hub, clock, 1)
    look(hub, clock)
    clock.move(minutes=11)
    assert until_nothing_is_due(poster.round) == (1, 1, 1)
    with hub.store(Role.PAGE).begin() as conn:
        dead = alert_deliveries.dead_letters(conn)
    assert [(one.fault, one.status) for one in dead] == [("refused", 550)]
    mail.answers.clear()
    clock.move(minutes=1)
    assert until_nothing_is_due(poster.round) == (1, 0, 0)
    with hub.store(Role.PAGE).begin() as conn:
        assert alert_deliveries.resend(conn, clock()) == 1
    assert until_nothing_is_due(poster.round) == (1, 0, 0)
    assert len(mail.taken) == 3
    assert counts(hub) == {"sent": 3}


def test_without_a_relay_it_waits_and_is_given_up_at_last(
    hub: Hub, clock: Clock, make_account: Callable[..., int], poster: AlertPoster
) -> None:
    wish(hub, make_account("p", "publisher"), mail="clerk@civil.example")
    add_batch(hub, clock, 1)
    look(hub, clock)
    for _ in range(MOST_ATTEMPTS):
        assert counts(hub) == {"waiting": 1}
        clock.move(hours=2)
        poster.round()
    assert counts(hub) == {"dead": 1}


def test_a_webhook_is_signed_and_goes_to_allowed_hosts_only(
    hub: Hub, served: Served, clock: Clock, make_account: Callable[..., int], poster: AlertPoster
) -> None:
    with hooks() as hook:
        wish(hub, make_account("p", "publisher"), webhook=hook.url)
        wish(hub, make_account("q", "publisher"), webhook="https://elsewhere.test/x")
        WebhookHosts(hub.home.path).allow(
            pinned(f"approval.test:{hook.port}", ["127.0.0.1"], clients=["alerts"], authority=hook.authority)
        )
        add_batch(hub, clock, 1)
        look(hub, clock)
        clock.move(minutes=11)
        hook.behaviour = lambda _: Reply(503)
        assert until_nothing_is_due(poster.round) == (0, 1, 1)
        hook.behaviour = lambda _: Reply()
        clock.move(minutes=1)
        assert until_nothing_is_due(poster.round) == (1, 0, 0)
    assert_signed(served, hook, clock)
    body = json.loads(hook.came[-1].body)
    assert (body["kind"], body["dataset"], body["count"], body["reference"]) == ("refused", DATASET, 1, "101")
    assert body["en"] == f"{DATASET}: 1 with refused rows to mend"


def assert_signed(served: Served, hook: Hook, clock: Clock) -> None:
    came = hook.came[-1]
    keys = published_keys(served.http.get("/v1/keys.jwks").json(), KeyPurpose.MESSAGE.value)
    assert digest_matches(came.headers["content-digest"], came.body)
    verify_message(
        posted_components(hook.url, came.headers["content-digest"]),
        Signed(came.headers["signature-input"], came.headers["signature"]),
        {kid: one.key for kid, one in keys.items()},
        tag=POST_TAG,
        now=int(clock().timestamp()),
    )


def test_whoever_dies_while_sending_is_followed_by_another(
    hub: Hub, clock: Clock, make_account: Callable[..., int], mail: MailServer, poster: AlertPoster
) -> None:
    account = make_account("p", "publisher")
    wish(hub, account, mail="clerk@civil.example")
    add_batch(hub, clock, 1)
    look(hub, clock)
    clock.move(minutes=11)
    with hub.store(Role.PAGE).begin() as conn:
        held = alert_deliveries.claim(conn, clock(), "one", clock() + LEASE, 16)
    assert len(held) == 1
    assert until_nothing_is_due(poster.round) == (0, 0, 0)
    clock.move(minutes=5)
    assert until_nothing_is_due(poster.round) == (1, 0, 0)
    with hub.store(Role.PAGE).begin() as conn:
        assert not alert_deliveries.finish(conn, held[0], "sent", clock()), "its lease was lost"
    add_batch(hub, clock, 2)
    look(hub, clock)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.account SET state = 'closed'"))
    clock.move(minutes=11)
    assert until_nothing_is_due(poster.round) == (0, 0, 1), "who has left is not written to"
    assert counts(hub) == {"sent": 1, "dropped": 1}
    assert len(mail.taken) == 1


def test_the_page_shows_counts_and_keeps_how_to_be_told(
    hub: Hub, served: Served, clock: Clock, make_account: Callable[..., int], mail: MailServer, poster: AlertPoster
) -> None:
    mail.answers["clerk@civil.example"] = "550 no"
    make_account("p", "publisher")
    make_account("boss", "department_administrator")
    make_account("other", "department_administrator", department="tax")
    with ExitStack() as closing:
        clerk, boss, other = (signed_in(served, login, closing) for login in ("p", "boss", "other"))
        page = clerk.get("/alerts")
        assert "没有提醒" in page.text
        assert "data-bell" in page.text
        said = {"csrf_token": token(page), "mail": "clerk@civil.example", "muted": "yellow", "quiet_from": "12:00"}
        assert "免打扰时段" in post(clerk, "/alerts/wishes", said, 422)
        assert "邮箱格式" in post(clerk, "/alerts/wishes", said | {"mail": "x y@z"}, 422)
        said |= {"quiet_until": "13:00"}
        assert "通知地址不可用" in post(clerk, "/alerts/wishes", said | {"webhook": "https://evil.test/x"}, 422)
        post(clerk, "/alerts/wishes", said, 303)
        kept = clerk.get("/alerts?done=saved").text
        assert 'value="clerk@civil.example"' in kept
        assert 'value="13:00"' in kept

        add_batch(hub, clock, 1)
        look(hub, clock)
        assert clerk.get("/alerts/unread").json() == {"unread": 1}
        assert boss.get("/alerts/unread").json() == {"unread": 0}
        listed = clerk.get("/alerts").text
        assert "1 个批次有行被退回" in listed
        assert 'href="/publisher/batches/101"' in listed
        newest = str(told(hub, 1)[0].id) if told(hub, 1) else "1"
        post(boss, "/alerts/read", {"csrf_token": token(boss.get("/alerts")), "up_to": newest}, 303)
        assert clerk.get("/alerts/unread").json() == {"unread": 1}, "others' stay unread"
        post(clerk, "/alerts/read", {"csrf_token": token(clerk.get("/alerts")), "up_to": "999"}, 303)
        assert clerk.get("/alerts/unread").json() == {"unread": 0}

        clock.move(minutes=11)
        assert until_nothing_is_due(poster.round) == (0, 0, 1)
        assert "未送达的提醒" not in clerk.get("/alerts").text
        seen = boss.get("/alerts").text
        assert "邮件服务器拒收" in seen
        assert "clerk@civil.example" not in seen
        assert "邮件服务器拒收" not in other.get("/alerts").text
        post(other, "/alerts/resend", {"csrf_token": token(other.get("/alerts"))}, 303)
        assert counts(hub) == {"dead": 1}
        post(boss, "/alerts/resend", {"csrf_token": token(boss.get("/alerts"))}, 303)
        assert counts(hub) == {"waiting": 1}
        assert clerk.post("/alerts/resend", data={"csrf_token": token(clerk.get("/alerts"))}).status_code == 403


def post(person: httpx.Client, path: str, form: dict[str, str], status: int) -> str:
    answer = person.post(path, data=form, headers={"origin": str(person.base_url).rstrip("/")})
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", '{"quiet": {"from": "25:00", "until": "08:00"}}', '{"quiet": {"from": "18:00"}}', '{"other": 1}',
        '{"mail": {"relay": "mail.example", "sender": "a@b"}}',
        '{"mail": {"relay": "mail.example:0", "sender": "a@b"}}',
        '{"mail": {"relay": "m.example:25", "sender": "a@b", "security": "maybe"}}',
        '{"mail": {"relay": "m.example:25", "sender": "nobody"}}',
    ],
)  # fmt: skip
def test_settings_that_can_not_be_meant_are_refused_and_nothing_is_lost(
    hub: Hub, clock: Clock, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (hub.home.path / FILE).write_text(content)
    with pytest.raises(HomeError):
        alert_settings(hub.home.path)
    add_batch(hub, clock, 1)
    assert AlertPass(hub.home, hub.store(Role.LOAD), clock).look() == 0
    assert FILE in caplog.text
    with hub.store(Role.LOAD).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.alert_noted")).scalar() == 0
