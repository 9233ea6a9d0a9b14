"""A paper-era certificate completed by a window: who may, what is compared, what is served, when it ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from exchange_api.completing import Completing, Typed
from exchange_api.completing_errors import (
    CompletionGone,
    DiffersFromFirst,
    NothingToComplete,
    NotYours,
    SamePerson,
    TypedRefused,
    UnderWay,
)
from exchange_api.errors import NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_files import FileRefused
from registries.home import Role
from registries.store import ledger
from tests.exchange_api.conftest import Asking, Certificates, Hub, Served

NUMBER, NAME, CODE = "P19870001", "汕头市示例贸易有限公司", "91440500MA4UXXXX0A"
TYPED_CODE = "91110000600037341L"
SCAN = b"%PDF-1.4 a scan"
TYPE = "11100000MB0143028R001"


def typed(**other: str) -> Typed:
    return Typed(
        **{
            "certificate_type": TYPE,
            "certificate_number": NUMBER,
            "holder_name": NAME,
            "holder_code_type": "001",
            "holder_code": TYPED_CODE,
            **other,
        }
    )


@dataclass
class Window:
    """A hub with a certificate of the paper era, and the people around it."""

    hub: Hub
    served: Served
    asking: Asking
    certificates: Certificates
    people: dict[str, Session]

    @property
    def completing(self) -> Completing:
        return self.served.parts.completing

    def file(self, login: str = "li", **other: str) -> str:
        return self.completing.file(self.people[login], typed(**other), SCAN, "application/pdf")

    def in_force(self) -> str:
        reference = self.file()
        self.completing.second(self.people["wang"], reference, typed())
        self.completing.decide(self.people["zhao"], reference, None)
        return reference

    def verdict(self, code: str = TYPED_CODE) -> str:
        answer = self.asking.ask(self.served, NUMBER, (NAME, code, "001"))
        return str(answer.json()["verdict"]["code"])

    def looked_up(self) -> tuple[str, str, bool]:
        """Code and trust level in the look-up, and whether its digest is right."""
        statement = """SELECT h.code, c.trust_level, c.digest = hub.certificate_digest(c.id) FROM hub.certificate c
            JOIN hub.certificate_holder h ON h.certificate_id = c.id WHERE c.number = :number"""
        with self.hub.store(Role.OWNER).begin() as conn:
            row = conn.execute(sa.text(statement), {"number": NUMBER}).one()
        return row[0], row[1], row[2]

    def state(self, reference: str) -> str:
        with self.hub.store(Role.PAGE).begin() as conn:
            found = conn.execute(sa.text("SELECT state FROM hub.completion WHERE reference = :r"), {"r": reference})
            return str(found.scalar_one())

    def deliver(self, **changes: str | None) -> None:
        self.certificates.rows[NUMBER] |= changes
        self.certificates.deliver()


@pytest.fixture
def window(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, make_account: Callable[..., int]
) -> Window:
    certificates.add(NUMBER, (NAME, "", "001"))
    certificates.rows[NUMBER]["holder_code"] = None
    certificates.deliver()
    people = {
        login: Session(make_account(login, role, department=department), login, "x", department, frozenset({role}))
        for login, role, department in (
            ("li", "window_officer", "civil_affairs"),
            ("wang", "window_officer", "civil_affairs"),
            ("sun", "window_officer", "tax"),
            ("zhao", "publisher", "market_regulation"),
        )
    }
    return Window(hub, served, asking, certificates, people)


def test_two_people_and_the_issuer_make_it_served_with_its_holder(window: Window) -> None:
    assert window.looked_up() == ("", "D", True)
    before = window.verdict()
    reference = window.file()
    assert window.verdict() == before  # what one person typed changes nothing
    with pytest.raises(UnderWay):
        window.file("wang")
    window.completing.second(window.people["wang"], reference, typed(holder_code=" 91110000600037341l "))
    assert window.verdict() == before
    window.completing.decide(window.people["zhao"], reference, None)
    assert window.looked_up() == (TYPED_CODE, "C", True)
    assert (before, window.verdict()) == ("pending_check", "valid")
    assert window.state(reference) == "in_force"
    with pytest.raises(NothingToComplete):
        window.file("wang")


def test_nobody_takes_two_steps_and_nobody_elses_is_seen(window: Window) -> None:
    reference, completing, people = window.file(), window.completing, window.people
    with pytest.raises(SamePerson):
        completing.second(people["li"], reference, typed())
    for login, provider in (("sun", False), ("li", True), ("zhao", False)):
        with pytest.raises(NotFound):
            completing.told(people[login], reference, provider=provider)
    with pytest.raises(CompletionGone):
        completing.second(people["sun"], reference, typed())
    with pytest.raises(CompletionGone):
        completing.decide(people["zhao"], reference, None)  # nobody has typed it again
    assert completing.told(people["wang"], reference, provider=False).number == ""  # to be typed blind
    assert completing.told(people["li"], reference, provider=False).number == NUMBER
    assert CODE not in completing.told(people["li"], reference, provider=False).holder
    completing.second(people["wang"], reference, typed())
    clerk = people["wang"]
    both = Session(clerk.account_id, clerk.login, "x", "market_regulation", frozenset({"publisher"}))
    with pytest.raises(SamePerson):
        completing.decide(both, reference, None)
    completing.end(people["li"], reference)
    assert window.state(reference) == "withdrawn"
    assert window.looked_up() == ("", "D", True)


def test_what_can_not_be_right_is_refused_and_nothing_is_kept(window: Window) -> None:
    for wrong in ({"holder_code": "91110000600037341M"}, {"holder_name": " "}, {"certificate_number": "x" * 129}):
        with pytest.raises(TypedRefused):
            window.file(**wrong)
    for wrong in ({"certificate_number": "NO"}, {"holder_name": "别的公司"}):
        with pytest.raises(NothingToComplete):
            window.file(**wrong)
    with pytest.raises(NotYours):
        window.file("sun")
    for content, kind in ((b"", "image/png"), (b"MZ\x90", "application/pdf"), (b"<svg>", "image/svg+xml")):
        with pytest.raises(FileRefused):
            window.completing.file(window.people["li"], typed(), content, kind)
    assert list((window.hub.home.landed / "completions").rglob("*.original")) == []


def test_three_that_differ_end_it(window: Window) -> None:
    reference = window.file()
    other = typed(holder_code="91110000802100433B")
    for _ in range(3):
        with pytest.raises(DiffersFromFirst):
            window.completing.second(window.people["wang"], reference, other)
    assert window.state(reference) == "refused"
    with pytest.raises(CompletionGone):
        window.completing.second(window.people["wang"], reference, typed())


def test_the_issuer_refuses_with_a_reason_of_the_list(window: Window) -> None:
    reference = window.file()
    window.completing.second(window.people["wang"], reference, typed())
    with pytest.raises(TypedRefused):
        window.completing.decide(window.people["zhao"], reference, "because")
    window.completing.decide(window.people["zhao"], reference, "not_issued")
    told = window.completing.told(window.people["li"], reference, provider=False)
    assert (told.completion.state, told.completion.refusal) == ("refused", "not_issued")
    assert [step.act for step in told.steps] == ["filed", "seconded", "refused"]
    assert window.looked_up() == ("", "D", True)
    assert window.state(window.file("wang")) == "filed"  # the way is free for another


def test_it_stays_when_the_row_comes_again_and_ends_when_the_source_gives_the_number(window: Window) -> None:
    reference = window.in_force()
    window.deliver(valid_until="2030-01-01")
    assert window.looked_up() == (TYPED_CODE, "C", True)
    window.certificates.add("OTHER")  # a batch that does not touch it
    assert window.looked_up() == (TYPED_CODE, "C", True)
    window.deliver(holder_code=CODE)
    assert window.looked_up()[0] == CODE
    assert window.looked_up()[1:] != ("C", False)
    assert window.state(reference) == "replaced"
    told = window.completing.told(window.people["zhao"], reference, provider=True)
    assert (told.steps[-1].act, told.steps[-1].by, told.completion.ended_batch) == (
        "replaced",
        "hub",
        told.steps[-1].batch,
    )


def test_another_holder_ends_it_and_the_issuer_can_take_it_back(window: Window) -> None:
    reference = window.in_force()
    window.completing.end(window.people["zhao"], reference)
    assert window.state(reference) == "ended"
    assert window.looked_up() == ("", "D", True)
    again = window.in_force()
    window.deliver(holder_name="改名后的公司")
    assert window.state(again) == "replaced"
    assert window.looked_up() == ("", "D", True)


def test_every_step_is_in_the_ledger_and_nobody_is_in_clear(window: Window) -> None:
    reference = window.in_force()
    found, pieces = window.completing.scan(window.people["zhao"], reference, provider=True)
    assert b"".join(pieces) == SCAN
    assert SCAN not in b"".join(path.read_bytes() for path in window.hub.home.landed.rglob("*.original"))
    with window.hub.store(Role.OWNER).begin() as conn:
        payloads = sa.text(
            "SELECT b.payload FROM hub.ledger_entry e JOIN hub.ledger_body b ON b.entry_id = e.id"
            " WHERE e.issuer = 'completions' ORDER BY e.id"
        )
        bodies = [json.loads(bytes(body)) for body in conn.execute(payloads).scalars()]
        rows = [str(dict(row)) for row in conn.execute(sa.text("SELECT * FROM hub.completion")).mappings()]
        ledger.sequence(conn)
        assert ledger.check(conn).faults == []
    assert [body["act"] for body in bodies] == ["filed", "seconded", "in_force", "scan_opened"]
    assert {body["completion"] for body in bodies} == {found.id}
    everything = json.dumps(bodies, ensure_ascii=False) + "".join(rows)
    assert not [word for word in (NAME, TYPED_CODE, NUMBER) if word in everything]
    assert not [login for login in ("wang", "zhao") if login in json.dumps(bodies)]
