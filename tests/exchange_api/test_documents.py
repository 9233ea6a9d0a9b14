"""Documents, marked copies and archive packages over real HTTP: for who was given the receipt and nobody else."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from certificates.documents.errors import EmptyCase
from certificates.documents.stored_zip import read_zip
from certificates.evidence.findings import Report
from certificates.evidence.given import Given
from certificates.offline import examine
from exchange_api import documents_made
from mianzheng.cli import app
from mianzheng.commands import archiving
from registries.home import Role
from tests.exchange_api.conftest import HOLDER, ITEM, PURPOSE, TYPE, Asking, Certificates, Clock, Hub, Served
from tests.exchange_api.pages.signing_in import signed_in, token

CASE = "ST-2026-0001"
STRANGE = "粤/2026 1?号"
DOCUMENTS = {
    "document.pdf": "application/pdf",
    "document.pdf?paper=A5": "application/pdf",
    "document.ofd": "application/ofd",
}
RECORDED = sa.text(
    "SELECT b.payload FROM hub.ledger_entry e JOIN hub.ledger_body b ON b.entry_id = e.id"
    " WHERE e.kind = 'copy' AND e.jti = :jti"
)
PLACED = sa.text(
    "SELECT count(*) FROM hub.ledger_sequence s JOIN hub.ledger_entry e ON e.id = s.entry_id WHERE e.kind = 'copy'"
)
MARK = {
    "cause": "办理食品经营许可",
    "purpose": "申请材料留存",
    "expires_on": "2026-04-01",
    "kind": "pdf",
    "paper": "A5",
}


@pytest.fixture
def officers(served: Served, asking: Asking, make_account: Callable[..., int]) -> Iterator[dict[str, httpx.Client]]:  # noqa: ARG001 - its department holds a grant
    """Two officers of one department."""
    with ExitStack() as closing:
        for login in ("lin", "chen"):
            make_account(login, "officer")
        yield {login: signed_in(served, login, closing) for login in ("lin", "chen")}


def ask(http: httpx.Client, number: str = "S1", case: str = CASE) -> str:
    """Ask at the counter; the receipt's address."""
    page = http.get("/officer")
    jti = page.text.partition('name="jti" value="')[2].partition('"')[0]
    name, code, code_type = HOLDER
    question = {
        "certificate_type": TYPE,
        "certificate_number": number,
        "holder_name": name,
        "holder_code": code,
        "holder_code_type": code_type,
        "purpose": PURPOSE,
        "service_item": ITEM,
        "case": case,
    }
    answered = http.post("/officer", data=question | {"jti": jti, "csrf_token": token(page)})
    assert answered.status_code == 200
    return jti


def looked_at(served: Served, file: bytes, at: datetime) -> Report:
    """As an auditor would, with the hub's published keys."""
    return examine(None, file, Given(served.http.get("/v1/keys.jwks").json(), at=at), "file")


def test_the_officer_gets_documents_that_verify_and_nobody_else_does(
    served: Served, officers: dict[str, httpx.Client], certificates: Certificates, clock: Clock
) -> None:
    certificates.add("S1")
    jti = ask(officers["lin"])
    for path, media_type in DOCUMENTS.items():
        answer = officers["lin"].get(f"/v1/receipts/{jti}/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == "no-store"
        report = looked_at(served, answer.content, clock())
        assert report.genuine
        assert report.content["verification"]["code"] == "valid"
        assert {check.name for check in report.checks if check.found == "pass"} >= {"pages", "signature", "logging"}
        assert officers["chen"].get(f"/v1/receipts/{jti}/{path}").status_code == 404
        assert served.http.get(f"/v1/receipts/{jti}/{path}").status_code == 303  # to sign in
    for unknown in ("unknown-unknown-unknown", "%01%00", "%F0%9F%93%84"):
        assert officers["lin"].get(f"/v1/receipts/{unknown}/document.pdf").status_code == 404
    assert officers["lin"].get(f"/v1/receipts/{jti}/document.docx").status_code == 422
    made = officers["lin"].get(f"/v1/receipts/{jti}/document.ofd").content
    assert read_zip(made)["OFD.xml"].decode().count(served.parts.keys.fingerprint()) == 1


def make_copy(http: httpx.Client, jti: str, **changed: str) -> httpx.Response:
    """Fill the form in and send it."""
    page = http.get(f"/officer/receipts/{jti}/copy")
    assert page.status_code == 200
    return http.post(f"/officer/receipts/{jti}/copy", data=MARK | changed | {"csrf_token": token(page)})


def test_marked_copies_verify_until_their_last_day_and_are_in_the_ledger(
    served: Served, hub: Hub, officers: dict[str, httpx.Client], certificates: Certificates, clock: Clock
) -> None:
    certificates.add("S1")
    jti = ask(officers["lin"])
    for kind in ("pdf", "ofd"):
        made = make_copy(officers["lin"], jti, kind=kind)
        assert made.status_code == 200
        report = looked_at(served, made.content, clock())
        assert report.genuine
        assert report.content["copy"]["cause"] == MARK["cause"]
        assert report.content["copy"]["maker"].endswith("林小明")
        late = looked_at(served, made.content, datetime(2026, 4, 2, tzinfo=UTC))
        assert late.refusal is not None
        assert not late.genuine
        with hub.store(Role.OWNER).begin() as conn:
            payload = bytes(conn.execute(RECORDED, {"jti": report.content["copy"]["id"]}).scalar_one())
        assert payload in made.content
    served.parts.answering.tend_ledger()
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(PLACED).scalar_one() == 2


def test_a_mark_needs_every_word_one_s_own_receipt_and_our_form(
    officers: dict[str, httpx.Client], certificates: Certificates
) -> None:
    certificates.add("S1")
    jti = ask(officers["lin"])
    for changed in ({"cause": ""}, {"purpose": "x" * 61}, {"expires_on": "2026-03-01"}, {"expires_on": "soon"}):
        made = make_copy(officers["lin"], jti, **changed)
        assert made.status_code == 422
        assert "加注件" in made.text
        assert 'aria-invalid="true"' in made.text
    assert officers["chen"].get(f"/officer/receipts/{jti}/copy").status_code == 404
    form = MARK | {"csrf_token": token(officers["chen"].get("/officer"))}
    assert officers["chen"].post(f"/officer/receipts/{jti}/copy", data=form).status_code == 404
    assert officers["lin"].post(f"/officer/receipts/{jti}/copy", data=MARK).status_code == 403


def test_a_case_s_package_has_the_officer_s_receipts_of_that_case(
    served: Served,
    officers: dict[str, httpx.Client],
    asking: Asking,
    certificates: Certificates,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    certificates.add("S1")
    ask(officers["lin"])
    ask(officers["lin"], number="unknown")
    ask(officers["lin"], case=STRANGE)
    assert asking.ask(served, "S1").status_code == 200  # a client, for the same case
    served.parts.answering.tend_ledger()
    made = officers["lin"].get(f"/v1/case-packages/{CASE}")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/zip")
    manifest = json.loads(read_zip(made.content)["manifest.json"])
    assert [one["verdict"] for one in manifest["receipts"]] == ["valid", "no_match"]
    report = looked_at(served, made.content, clock())
    assert report.genuine
    assert all(one["logged"] for one in report.content["receipts"])
    _strange_cases(officers)
    everybody = looked_at(served, served.parts.documents.package_of(CASE).data, clock())
    assert len(everybody.content["receipts"]) == 3
    _from_the_command_line(served, clock, monkeypatch, tmp_path)
    monkeypatch.setattr(documents_made, "MOST_RECEIPTS", 1)
    assert officers["lin"].get(f"/v1/case-packages/{CASE}").status_code == 422  # nothing is left out silently
    with pytest.raises(EmptyCase):
        served.parts.documents.package_of(CASE, department="elsewhere")


def _from_the_command_line(served: Served, clock: Clock, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """`mianzheng archive` makes the same package for an operator."""
    monkeypatch.setenv("HUB_HOME", str(served.parts.home.path))
    monkeypatch.setattr(archiving, "clock", clock)
    runner = CliRunner()
    done = runner.invoke(app, ["archive", CASE, "--out", str(folder), "--department", "civil_affairs", "--json"])
    assert done.exit_code == 0, done.output
    file = Path(json.loads(done.output)["file"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(looked_at(served, file.read_bytes(), clock()).content["receipts"]) == 3
    assert runner.invoke(app, ["archive", "none", "--out", str(folder)]).exit_code == 2
    assert runner.invoke(app, ["archive", CASE, "--out", str(folder / "nowhere")]).exit_code == 2


def _strange_cases(officers: dict[str, httpx.Client]) -> None:
    """A case's number may hold anything; without receipts there is no package."""
    address = f"/v1/case-packages/{quote(STRANGE)}"
    made = officers["lin"].get(address)
    assert made.status_code == 200
    assert json.loads(read_zip(made.content)["manifest.json"])["case"] == STRANGE
    assert officers["lin"].get("/v1/case-packages/none").status_code == 404
    assert officers["chen"].get(address).status_code == 404


def test_a_package_verifies_against_the_printed_fingerprint(
    served: Served, officers: dict[str, httpx.Client], certificates: Certificates, clock: Clock
) -> None:
    """An auditor with the files alone: the keys from the package, the fingerprint from paper."""
    certificates.add("S1")
    ask(officers["lin"])
    made = officers["lin"].get(f"/v1/case-packages/{CASE}").content
    keys: dict[str, Any] = json.loads(read_zip(made)["keys.jwks"])
    root = served.parts.keys.fingerprint()
    assert examine("package", made, Given(keys, at=clock(), root=root)).genuine
    assert not examine("package", made, Given(keys, at=clock(), root=root[::-1])).genuine
