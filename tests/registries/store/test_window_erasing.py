"""What windows wrote down about somebody goes when the law has the subject erased: rows, and where their files were."""

import sqlalchemy as sa

from registries.home import Role
from registries.store import asked, objections, window_erasing
from registries.store.erasure_plans import key_digests
from registries.store.objections import Evidence
from tests.conftest import Hub
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS

COMPLETION = """INSERT INTO hub.completion (reference, certificate_id, ordinal, dataset, certificate_type, provider,
    department, filed_by, match_digest, subject_digest, holder, scan_digest, scan_media_type, scan_size, scan_path,
    state, filed_at, due_on)
    VALUES ('r', 1, 1, :dataset, 't', 'p', 'd', 'li', '', hub.subject_digest('natural_person', :code), '', '', 'x', 1,
            'scan', 'filed', :now, '2026-03-16') RETURNING id"""
STEP = """INSERT INTO hub.completion_step (completion_id, at, act, by, department)
    SELECT id, filed_at, 'filed', 'li', 'd' FROM hub.completion"""


def objection(hub: Hub, number: str) -> None:
    given = {
        "slip": number,
        "dataset": RESIDENTS,
        "attribute": "name",
        "provider": "public_security",
        "department": "civil_affairs",
        "login": "li",
        "channel": "window",
        "subject_key": number,
        "due_on": "2026-03-16",
    }
    with hub.store(Role.PAGE).begin() as conn:
        made = objections.file(conn, given, b"sealed", NOW)
        objections.keep_evidence(conn, made, [Evidence(bytes(32), "image/png", 1, f"file of {number}")])


def test_objections_and_completions_of_a_subject_go_and_nobody_elses(hub: Hub) -> None:
    mine, other = NUMBERS[:2]
    for number in (mine, other):
        objection(hub, number)
    dataset = hub.catalogue.dataset(RESIDENTS)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text(COMPLETION), {"dataset": RESIDENTS, "code": mine, "now": NOW})
        conn.execute(sa.text(STEP))
        assert window_erasing.objections(conn, RESIDENTS, key_digests(dataset, [(mine,)])) == [f"file of {mine}"]
        assert window_erasing.objections(conn, RESIDENTS, key_digests(dataset, [(mine,)])) == []
        subjects = asked.digests("natural_person", [mine])
        assert window_erasing.completions(conn, subjects, ["another.dataset"]) == []
        assert window_erasing.completions(conn, asked.digests("natural_person", [other]), None) == []
        assert window_erasing.completions(conn, subjects, [RESIDENTS]) == ["scan"]
        left = conn.execute(sa.text("SELECT slip FROM hub.objection")).scalars().all()
        assert left == [other]
