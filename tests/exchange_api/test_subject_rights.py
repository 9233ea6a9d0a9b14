"""Who was asked about is told who asked, and can be erased: receipts and the ledger stay valid, on real answers."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from certificates.sealing import sealing_key
from mianzheng.cli import app
from registries.compare.images import Images
from registries.erasure import Eraser
from registries.home import Role
from registries.store import grants, holdings, ledger, subject_export
from registries.store.engine import Store
from registries.store.erasing import Why
from tests.exchange_api.conftest import (
    DATASET,
    HOLDER,
    ITEM,
    OTHER_HOLDER,
    PURPOSE,
    TYPE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
)
from tests.registries.everywhere import in_tables

NUMBER, OTHER = "440500000000001", "440500000000002"
REGISTER = "legal_entities"
DIGEST = sa.text("SELECT hub.subject_digest('legal_entity', :key)")


@dataclasses.dataclass(frozen=True)
class Receipts:
    """What an archive keeps: the receipt, its proof, the hub's public keys."""

    folder: Path
    served: Served

    def keep(self, name: str, answer: dict[str, Any]) -> None:
        (self.folder / "keys.jwks").write_text(self.served.http.get("/v1/keys.jwks").text)
        (self.folder / f"{name}.jws").write_text(answer["receipt"])
        (self.folder / f"{name}.proof").write_text(answer["proof"])

    def valid(self, name: str) -> bool:
        """By the offline verifier, in a process of its own."""
        files = [str(self.folder / f"{name}.jws"), "--keys", str(self.folder / "keys.jwks")]
        proof = ["--proof", str(self.folder / f"{name}.proof")]
        command = [sys.executable, "-m", "certificates", "verify-receipt", *files, *proof]
        return subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.fixture
def receipts(tmp_path: Path, served: Served) -> Receipts:
    return Receipts(tmp_path, served)


@pytest.fixture
def collect(hub: Hub) -> Callable[[str], dict[str, Any]]:
    def of(key: str) -> dict[str, Any]:
        with hub.store(Role.LOAD).begin() as conn:
            subject = holdings.subject_of(conn, hub.catalogue.register(REGISTER), key)
            return subject_export.collect(conn, hub.catalogue, subject)

    return of


def erase(hub: Hub, clock: Clock, key: str) -> dict[str, int]:
    with Store(hub.home.store_url(Role.OWNER), pool_size=20) as owner:
        images = Images(hub.home.spill, sealing_key(hub.home.secret("landing_key")))
        why = Why("period", "保存期届满", "test", clock())
        return Eraser(hub.home, owner, hub.catalogue, images).erase(REGISTER, key, why, [DATASET]).counts


def test_receipts_stay_valid_when_the_bodies_are_erased(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, clock: Clock, receipts: Receipts
) -> None:
    certificates.add(NUMBER)
    certificates.add(OTHER, holder=OTHER_HOLDER)
    for name, number, holder in (("mine", NUMBER, HOLDER), ("theirs", OTHER, OTHER_HOLDER), ("miss", "9", HOLDER)):
        receipts.keep(name, asking.ask(served, number, holder).json())
    assert all(receipts.valid(name) for name in ("mine", "theirs", "miss"))
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.case_row SET state = 'mended', closed_at = now() WHERE state = 'open'"))
        digest = conn.execute(
            sa.text("SELECT hub.subject_digest('legal_entity', :key)"), {"key": HOLDER[1]}
        ).scalar_one()
    counts = erase(hub, clock, HOLDER[1])
    assert (counts["rows"], counts["certificates"], counts["bodies"]) == (1, 1, 2)
    with hub.store(Role.OWNER).begin() as conn:
        assert in_tables(conn, [NUMBER, HOLDER[0], HOLDER[1], bytes(digest)]) == []
        report = ledger.check(conn)
    assert (report.faults, report.erased) == ([], 2)
    assert all(receipts.valid(name) for name in ("mine", "theirs", "miss"))
    clock.move(seconds=30)
    assert asking.ask(served, NUMBER).json()["verdict"]["code"] == "no_match"
    assert asking.ask(served, OTHER, OTHER_HOLDER).json()["verdict"]["code"] == "valid"


def test_who_asked_is_told_and_nothing_of_others(
    served: Served, asking: Asking, certificates: Certificates, collect: Callable[[str], dict[str, Any]]
) -> None:
    certificates.add(NUMBER)
    certificates.add(OTHER, holder=OTHER_HOLDER)
    asking.ask(served, NUMBER)
    asking.ask(served, NUMBER, purpose="好奇")
    asking.ask(served, OTHER, OTHER_HOLDER)
    told = collect(HOLDER[1])
    assert [(each["by"]["department"], each["verdict"]["code"], each["purpose"]) for each in told["asked"]] == [
        ("civil_affairs", "valid", PURPOSE),
        ("civil_affairs", "refused", "好奇"),
    ]
    assert told["asked"][0]["case"] == "ST-2026-0001"
    (row,) = told["held"]
    values = {each["column"]: each["value"] for each in row["values"]}
    assert (values["certificate_number"], values["holder_code"], values["holder_name"]) == (
        NUMBER,
        HOLDER[1],
        HOLDER[0],
    )
    assert row["since"]["delivered_by"] == "test"
    assert [each["number"] for each in told["certificates"]] == [NUMBER]
    assert OTHER_HOLDER[1] not in json.dumps(told, default=str)
    assert told["withheld"] == []


def test_what_is_withheld_is_said_and_neither_by_whom_nor_how_often(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, collect: Callable[[str], dict[str, Any]]
) -> None:
    certificates.add(NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        grant = grants.add_grant(
            conn, "civil_affairs", "verification", "案件调查", "市政数局", date(2026, 1, 1), certificate_type=TYPE
        )
        assert grants.withhold(conn, grant, "个人信息保护法第三十五条")
    asking.ask(served, NUMBER)
    for _ in range(2):
        asking.ask(served, NUMBER, purpose="案件调查")
    told = collect(HOLDER[1])
    assert [each["purpose"] for each in told["asked"]] == [PURPOSE]
    assert told["withheld"] == [{"what": told["withheld"][0]["what"], "ground": "个人信息保护法第三十五条"}]
    assert "案件调查" not in json.dumps(told, ensure_ascii=False, default=str)
    with hub.store(Role.OWNER).begin() as conn:
        grants.withhold(conn, grant, None)
    assert len(collect(HOLDER[1])["asked"]) == 3


def test_the_command_writes_a_page_that_only_its_owner_can_read_and_says_that_somebody_looked(
    hub: Hub,
    served: Served,
    asking: Asking,
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificates.add(NUMBER, holder=("<b>店", *HOLDER[1:]))
    asking.ask(served, NUMBER, ("<b>店", *HOLDER[1:]))
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    page = tmp_path / "told.html"
    done = CliRunner().invoke(app, ["subject", "export", HOLDER[1], "--register", REGISTER, "--out", str(page)])
    assert done.exit_code == 0, done.output
    assert HOLDER[1] not in done.output
    text = page.read_text("utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    assert all(word in text for word in (NUMBER, HOLDER[1], "&lt;b&gt;店", ITEM, "谁查询过"))
    assert "<b>店" not in text
    again = CliRunner().invoke(app, ["subject", "export", HOLDER[1], "--register", REGISTER, "--json"])
    told = json.loads(again.output)
    assert [each["act"] for each in told["asked"]] == ["verification", "access"]


def test_the_export_is_complete_against_a_scan_of_every_table(
    hub: Hub, certificates: Certificates, collect: Callable[[str], dict[str, Any]]
) -> None:
    for place in range(4):
        certificates.add(f"44050000000001{place}", holder=HOLDER if place % 2 else OTHER_HOLDER)
    certificates.add("440500000000011", valid_until="2030-01-01")  # changed: a former row
    certificates.vanish("440500000000013")
    told = collect(HOLDER[1])
    with hub.store(Role.OWNER).begin() as conn:
        tables = [sa.table(f"market_regulation__business_licences{end}", schema="data") for end in ("", "_history")]
        every = [conn.execute(sa.select(sa.text("*")).select_from(table)).all() for table in tables]
    scanned = sum(HOLDER[1] in row for rows in every for row in rows)
    assert len(told["held"]) == scanned == 3
    assert {each["mark"] for each in told["certificates"]} == {None, "vanished"}
