"""The page of watches: an administrator sees what never arrived at the department's systems, and sends it again."""

from collections.abc import Callable
from contextlib import ExitStack

import sqlalchemy as sa

from registries.home import Role
from tests.exchange_api.conftest import Clock, Hub, Served, add_client
from tests.exchange_api.pages.signing_in import signed_in, token

MADE = (
    """
    INSERT INTO hub.watch (id, client_id, grant_id, certificate_type, purpose, service_item, case_number, webhook, host,
                           until, state, opened_at)
    VALUES (:client, :client, 1, '11100000MB0143028R001', 'p', 'i', 'ST-1', 'https://a.example/x', 'a.example:443',
            '2099-01-01', 'open', :now)
    """,
    """
    INSERT INTO hub.watch_event (client_id, place, watch_id, certificate_type, changed, noted_at)
    VALUES (:client, 1, :client, '11100000MB0143028R001', ARRAY['status','expiring'], :now),
           (:client, 2, :client, '11100000MB0143028R001', ARRAY['gone'], :now)
    """,
    """
    INSERT INTO hub.watch_delivery (client_id, place, watch_id, host, state, attempts, due_at, fault, status, made_at,
                                    finished_at)
    VALUES (:client, 1, :client, 'a.example:443', 'dead', 32, :now, 'status', 503, :now, :now),
           (:client, 2, :client, 'a.example:443', 'waiting', 3, :now, 'tls', NULL, :now, NULL)
    """,
)


def test_what_never_arrived_is_seen_and_sent_again(
    hub: Hub, served: Served, clock: Clock, make_account: Callable[..., int]
) -> None:
    for client, department in (("approval-1", "civil_affairs"), ("approval-2", "tax")):
        add_client(hub, client, department)
        with hub.store(Role.OWNER).begin() as conn:
            for statement in MADE:
                conn.execute(sa.text(statement), {"client": client, "now": clock()})
    make_account("department", "department_administrator")
    make_account("hub", "hub_administrator")
    make_account("auditor", "auditor")
    make_account("officer", "window_officer")
    with ExitStack() as closing:
        people = {login: signed_in(served, login, closing) for login in ("department", "hub", "auditor", "officer")}
        assert people["officer"].get("/people/watches").status_code == 403
        own = people["department"].get("/people/watches")
        assert own.status_code == 200
        assert ("approval-1" in own.text, "approval-2" in own.text) == (True, False)
        for word in ("未送达的通知", "Never arrived", "营业执照", "状态变更", "即将到期", "HTTP 503", "证书不被信任"):
            assert word in own.text
        assert "ST-1" not in own.text
        everything = people["hub"].get("/people/watches").text
        assert "approval-1" in everything
        assert "approval-2" in everything
        seen = people["auditor"].get("/people/watches").text
        assert ("approval-2" in seen, "重新发送" in seen) == (True, False)

        form = {"event": "approval-2 1", "csrf_token": token(own)}
        again = people["department"].post("/people/watches/resend", data=form)
        assert again.headers["location"] == "/people/watches?again=0"  # another department's
        form["event"] = "approval-1 1"
        again = people["department"].post("/people/watches/resend", data=form, follow_redirects=True)
        assert "1 条通知将重新发送" in again.text
        assert "没有未送达的通知" in again.text
        assert people["auditor"].post("/people/watches/resend", data=form).status_code == 403
        assert people["department"].get("/people/watches?before=nonsense").status_code == 200
        assert "没有未送达的通知" in people["department"].get("/people/watches", params={"before": "approval-0 9"}).text
