"""Who guesses learns nothing: one no_match by equal work, budgets that are signed refusals, an end within fifty."""

import json
from collections import Counter
from typing import Any

import httpx
import sqlalchemy as sa

from certificates.compact import parse
from certificates.records import Question
from registries.home import Role
from registries.store import budgets, grants
from registries.store import certificates as certificates_kept
from registries.store.budgets import Key, Limit
from registries.store.certificates import Sought
from registries.store.grants import Claimant
from tests.exchange_api.conftest import HOLDER, OTHER_HOLDER, Asking, Certificates, Clock, Hub, Served, send
from tests.exchange_api.statements import statements

NUMBER = "S051520243060073"


KINDS = {
    "no such number": ("S051520243069999", HOLDER),
    "another holder": (NUMBER, OTHER_HOLDER),
    "another name": (NUMBER, (OTHER_HOLDER[0], *HOLDER[1:])),
    "another code": (NUMBER, (HOLDER[0], *OTHER_HOLDER[1:])),
    "another kind of code": (NUMBER, (*HOLDER[:2], "099")),
}
"""Questions that no certificate answers; none of them may be told from another."""


def but_for_the_tree(counted: Counter[str]) -> dict[str, int]:
    """Without statements about the ledger's tree, whose shape depends on its size."""
    tree = ("ledger_node", "ledger_sequence", "ledger_waiting", "checkpoint")
    return {statement: times for statement, times in counted.items() if not any(name in statement for name in tree)}


def looked_at(conn: sa.Connection) -> Counter[str]:
    """Probes of indexes and rows fetched by them in this transaction, by table."""
    wanted = sa.text("SELECT relname, idx_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE idx_scan > 0")
    rows = conn.execute(wanted).all()
    return Counter(
        {f"{row.relname} {name}": getattr(row, name) for row in rows for name in ("idx_scan", "idx_tup_fetch")}
    )


def payload(answer: httpx.Response) -> dict[str, Any]:
    return dict(parse(answer.json()["receipt"]).payload)


def test_every_kind_of_no_match_is_the_same_statements_and_the_same_length(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    for number, holder in KINDS.values():  # connections and caches are warm
        asking.ask(served, number, holder)
    told = {}
    for kind, (number, holder) in KINDS.items():
        with statements(served) as done:
            answer = asking.ask(served, number, holder)
        content = payload(answer)["verification"]
        assert content["code"] == "no_match"
        told[kind] = (json.dumps(content, sort_keys=True), len(answer.json()["receipt"]), but_for_the_tree(done))
    for kind, found in told.items():
        assert found == told["no such number"], kind


def test_every_kind_of_no_match_is_the_same_probes_of_the_same_indexes(
    hub: Hub, asking: Asking, certificates: Certificates, clock: Clock
) -> None:
    certificates.add(NUMBER)
    today = clock().date()
    worked = {}
    with hub.store(Role.OWNER).begin() as conn:
        (grant,) = grants.list_grants(conn)
        for kind, (number, holder) in (*KINDS.items(), *KINDS.items()):  # the second time plans are made
            question = Question.parse(asking.question(number, holder))
            before = looked_at(conn)
            sought = Sought(question, grant, Claimant("civil_affairs", "client:approval-1"))
            (found,) = certificates_kept.find_certificates(conn, [sought], clock(), today)
            assert found.record is None
            worked[kind] = looked_at(conn) - before
    assert worked["no such number"]["certificate_holder idx_scan"] > 0
    for kind, work in worked.items():
        assert work == worked["no such number"], kind


def test_a_spent_budget_is_a_signed_refusal_before_any_look_up(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        budgets.set_limit(conn, Key("client", asking.client_id), Limit(2, None), "test")
    token = asking.token(served.url, asking.question(NUMBER))
    for _ in range(3):  # the same request again is the same answer, and costs nothing
        assert send(served, token).json()["verdict"]["code"] == "valid"
    assert asking.ask(served, NUMBER).json()["verdict"]["code"] == "valid"
    refused = payload(asking.ask(served, NUMBER))["verification"]
    assert (refused["code"], refused["zh"]) == ("refused", "核验次数已超过限额。")
    assert refused["certificate"] is None


def test_guesses_in_one_batch_are_not_told_at_all(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    questions = [asking.question(f"S0515202430{guess:05}") for guess in range(60)] + [asking.question(NUMBER)]
    why = {name: questions[0][name] for name in ("purpose", "service_item", "case")}
    given = [{name: value for name, value in one.items() if name not in why} for one in questions]
    place = f"{served.url}/v1/verifications/batch"
    token = asking.token(served.url, {**why, "questions": given}, url=place)  # type: ignore[dict-item] # a batch's
    answer = served.http.post(place, content=token, headers={"content-type": "application/jwt"})
    content = payload(answer)["verifications"]
    assert content["code"] == "refused"
    assert "root" not in content
    assert "valid" not in answer.text
    with hub.store(Role.API).begin() as conn:
        assert budgets.stopped(conn) == 1


def test_a_crawler_is_cut_off_within_fifty_and_stands_in_the_ledger(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    told = [asking.ask(served, f"S0515202430{guess:05}").json()["verdict"] for guess in range(50)]
    assert {one["code"] for one in told} == {"no_match"}
    after = payload(asking.ask(served, NUMBER))["verification"]
    assert after["code"] == "refused"  # a hit, too
    with hub.store(Role.API).begin() as conn:
        assert budgets.stopped(conn) == 1
        found = conn.execute(sa.text("SELECT jti FROM hub.ledger_entry WHERE kind = 'alarm'")).scalars()
        assert list(found) == ["stop:1"]
