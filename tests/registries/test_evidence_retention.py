"""Scans go so long after their matter has ended, never before, and leave a record."""

import datetime as dt
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from registries.contracts.periods import Period
from registries.home import Role
from registries.landing import Landing
from registries.landing_faults import LandingFailed
from registries.retention import Keeper
from registries.retention_rules import RetentionRules
from registries.store import ledger
from tests.conftest import Hub
from tests.quality.conftest import NOW, asked

RULES = RetentionRules(Period(90, "d"), Period(5, "y"), Period(5, "y"), Period(5, "y"))
FILED = NOW - dt.timedelta(days=9 * 365)
LONG_AGO, LATELY = NOW - dt.timedelta(days=6 * 365), NOW - dt.timedelta(days=4 * 365)
Case = Callable[..., str]


def keeper(hub: Hub) -> Keeper:
    return Keeper(hub.home, hub.store(Role.LOAD), hub.catalogue, RULES, NOW)


def scan(hub: Hub, kind: str, name: str, written: dt.datetime = FILED) -> Path:
    folder = hub.home.landed / kind
    folder.mkdir(mode=0o700, exist_ok=True)
    path = Landing(folder, bytes(32)).land_upload(name, io.BytesIO(b"%PDF-"), 100)
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def left(hub: Hub) -> set[str]:
    return {file.stem for file in hub.home.landed.glob("*/uploads/*")}


@pytest.fixture
def case_with(hub: Hub) -> Case:
    """A case of the years ago that something of `row_state` belongs to, with one file of evidence."""

    def made(name: str, closed: dt.datetime | None, ending: str | None = None, row_state: str = "mended") -> str:
        path = scan(hub, "cases", name)
        values = {"closed": closed, "ending": ending, "row": row_state, "path": str(path), "filed": FILED}
        with hub.store(Role.OWNER).begin() as conn:
            number = conn.execute(
                sa.text(
                    'INSERT INTO hub."case" (kind, cause, dataset, department, opened_at, due_on, state, ending,'
                    " closed_at, rows) VALUES ('rectification', 'steward', 'a.b', 'a', :filed, :filed,"
                    " CASE WHEN CAST(:ending AS text) IS NULL THEN 'open' ELSE 'closed' END, :ending, :closed, 1)"
                    " RETURNING number"
                ),
                values,
            ).scalar_one()
            conn.execute(
                sa.text(
                    "INSERT INTO hub.case_row (case_number, subject_digest, state, closed_at)"
                    " VALUES (:number, sha256('x'), :row, CASE WHEN :row <> 'open' THEN :filed END)"
                ),
                values | {"number": number},
            )
            conn.execute(
                sa.text(
                    'INSERT INTO hub.case_evidence (case_number, digest, media_type, size, path, "by", landed_at)'
                    " VALUES (:number, sha256('y'), 'application/pdf', 5, :path, 'li', :filed)"
                ),
                values | {"number": number},
            )
        return name

    return made


def test_evidence_goes_five_years_after_its_case_was_closed(hub: Hub, case_with: Case) -> None:
    case_with("a" * 32, LONG_AGO, "found_right", "found_right")
    stays = {
        case_with("b" * 32, LATELY, "mended"),
        case_with("c" * 32, None, None, "open"),
        case_with("d" * 32, LONG_AGO, "beyond_mending", "beyond_mending"),  # served so on its evidence
    }
    (due,) = keeper(hub).due()
    assert (due.what, due.count, due.rule) == ("evidence", 1, "5y, hub")
    (gone,) = keeper(hub).expire()
    assert (gone.what, gone.count, gone.state) == ("evidence", 1, "done")
    assert gone.digest is not None
    assert left(hub) == stays
    assert keeper(hub).expire() == []
    assert asked(hub, "SELECT jti FROM hub.ledger_entry WHERE kind = 'retention'") == [("run:1",)]
    with hub.store(Role.OWNER).begin() as conn:
        assert ledger.check(conn).faults == []


def test_what_nothing_refers_to_goes_as_uploads_do(hub: Hub) -> None:
    scan(hub, "objections", "e" * 32)
    scan(hub, "disputes", "f" * 32, NOW - dt.timedelta(days=80))
    (gone,) = keeper(hub).expire()
    assert (gone.what, gone.count) == ("evidence", 1)
    assert left(hub) == {"f" * 32}


def test_objections_and_completions_keep_their_scans(hub: Hub) -> None:
    paths = {name: str(scan(hub, kind, name)) for kind, name in (("objections", "1" * 32), ("completions", "2" * 32))}
    with hub.store(Role.OWNER).begin() as conn:
        objection = (
            "INSERT INTO hub.objection (slip, dataset, attribute, provider, department, filed_by, channel,"
            " subject_digest, statement, filed_at, due_on) VALUES ('s', 'a.b', 'name', 'a', 'b', 'he', 'window',"
            " sha256('x'), 'x', :at, :at) RETURNING id"
        )
        number = conn.execute(sa.text(objection), {"at": LATELY}).scalar_one()
        kept = (
            "INSERT INTO hub.objection_evidence (objection_id, digest, media_type, size, path)"
            " VALUES (:number, sha256('y'), 'application/pdf', 5, :path)"
        )
        conn.execute(sa.text(kept), {"number": number, "path": paths["1" * 32]})
        completed = (
            "INSERT INTO hub.completion (reference, certificate_id, ordinal, dataset, certificate_type, provider,"
            " department, filed_by, seconded_by, decided_by, match_digest, subject_digest, holder, scan_digest,"
            " scan_media_type, scan_size, scan_path, state, filed_at, due_on) VALUES ('r', 1, 1, 'a.b', 't', 'a', 'b',"
            " 'he', 'she', 'it', 'x', 'x', 'x', sha256('y'), 'application/pdf', 5, :path, 'in_force', :at, :at)"
        )
        conn.execute(sa.text(completed), {"path": paths["2" * 32], "at": FILED})
    assert keeper(hub).expire() == []
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.objection SET filed_at = :at"), {"at": LONG_AGO})
        conn.execute(sa.text("UPDATE hub.completion SET state = 'ended'"))
    assert [each.count for each in keeper(hub).expire()] == [2]
    assert left(hub) == set()


def test_a_run_that_was_cut_short_is_finished_by_the_next(hub: Hub) -> None:
    in_the_way = scan(hub, "cases", "0" * 32)
    in_the_way.unlink()
    in_the_way.mkdir()
    os.utime(in_the_way, (FILED.timestamp(), FILED.timestamp()))
    with pytest.raises(LandingFailed):
        keeper(hub).expire()
    assert asked(hub, "SELECT what, state FROM hub.expiry") == [("evidence", "planned")]
    in_the_way.rmdir()
    assert keeper(hub).expire() == []  # nothing was left to remove
    assert asked(hub, "SELECT what, state, count FROM hub.expiry") == [("evidence", "done", 0)]
