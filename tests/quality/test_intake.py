"""A batch on its way, on a real store: conservation, quarantine, repetition, marks, the gate, faults of sources."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from quality.errors import UnknownDataset
from quality.intake import IntakeOutcome, Step
from registries.connectors.faults import NoDelivery, SourceChangedShape, SourceDown, SourceUnknown
from registries.store.batches import BatchCounts
from tests.conftest import Hub
from tests.quality.conftest import ENTERPRISES, LICENCES, NUMBERS, RESIDENTS, Delivery, asked, licence, opened, resident

Deliver = Callable[..., IntakeOutcome]
pytestmark = pytest.mark.usefixtures("placed_either_way")

GOOD = [resident(number) for number in NUMBERS]


def conserved(counts: BatchCounts) -> bool:
    parts = counts.new + counts.changed + counts.unchanged + counts.deleted + counts.repeated
    return counts.pulled == counts.accepted + counts.quarantined + counts.held and counts.accepted == parts


def counted(outcome: IntakeOutcome) -> dict[str, int]:
    assert conserved(outcome.counts)
    return {name: count for name, count in asdict(outcome.counts).items() if count}


def refused(hub: Hub, batch: int | None) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for number, row, rule in asked(hub, "SELECT batch, row_number, rule_id FROM hub.finding WHERE level = 1"):
        if number == batch:
            found.setdefault(int(str(row)), set()).add(str(rule))
    return found


def test_good_rows_are_new_and_the_steps_come_in_order(hub: Hub, deliver: Deliver) -> None:
    steps: list[Step] = []
    outcome = deliver(RESIDENTS, GOOD, progress=lambda step, _, __: steps.append(step))
    assert outcome.state == "done"
    assert counted(outcome) == {"pulled": 4, "accepted": 4, "new": 4}
    assert list(dict.fromkeys(steps)) == list(Step)
    assert asked(hub, "SELECT state, keys_readable FROM hub.batch") == [("done", True)]
    assert asked(hub, "SELECT to_regclass('stage.public_security__residents')") == [(None,)]


def test_the_same_delivery_again_makes_no_batch(hub: Hub, deliver: Deliver, digest: Callable[[], object]) -> None:
    deliver(RESIDENTS, GOOD)
    before = digest()
    outcome = deliver(RESIDENTS, GOOD)
    assert (outcome.state, outcome.batch) == ("nothing_new", None)
    assert digest() == before
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(1,)]


def test_the_same_rows_as_another_delivery_change_nothing(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, GOOD)
    before = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    assert counted(deliver(RESIDENTS, GOOD, "second")) == {"pulled": 4, "accepted": 4, "unchanged": 4}
    assert asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1") == before
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents_history") == [(0,)]


def test_every_reason_is_recorded_and_no_value(hub: Hub, deliver: Deliver) -> None:
    bad = resident(NUMBERS[3], name=None, birth_date="1994-02-30", sex="男")
    outcome = deliver(RESIDENTS, [*GOOD[:3], bad])
    assert counted(outcome) == {"pulled": 4, "accepted": 3, "new": 3, "quarantined": 1}
    assert refused(hub, outcome.batch) == {4: {"name-required", "birth_date-format", "sex-code_table"}}
    scores = {score.rule_id: score for score in outcome.scores}
    assert (scores["name-required"].checked, scores["name-required"].failed) == (4, 1)
    assert scores["name-required"].score == 0.75


def test_unequal_rows_of_one_key_are_all_quarantined_and_equal_ones_repeated(hub: Hub, deliver: Deliver) -> None:
    rows = [*GOOD, resident(NUMBERS[0], name="李四"), GOOD[1]]
    outcome = deliver(RESIDENTS, [*rows, *[resident(NUMBERS[2])]])
    assert refused(hub, outcome.batch) == {1: {"key-unique"}, 5: {"key-unique"}}
    assert counted(outcome) == {"pulled": 7, "accepted": 5, "new": 3, "repeated": 2, "quarantined": 2}


def test_a_change_goes_to_history_and_what_is_gone_is_closed(hub: Hub, deliver: Deliver) -> None:
    extra = [resident("830000199201300022")]
    deliver(RESIDENTS, GOOD + extra)
    outcome = deliver(RESIDENTS, [resident(NUMBERS[0], name="李四"), *GOOD[1:]], "second")
    assert counted(outcome) == {"pulled": 4, "accepted": 4, "changed": 1, "unchanged": 3, "vanished": 1}
    history = asked(hub, "SELECT citizen_number, name FROM data.public_security__residents_history ORDER BY 1")
    assert history == [(NUMBERS[0], "张三"), ("830000199201300022", "张三")]


def test_a_quarantined_update_leaves_the_version_that_is_served(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, GOOD)
    outcome = deliver(RESIDENTS, [resident(NUMBERS[0], name=None), *GOOD[1:]], "second")
    assert counted(outcome) == {"pulled": 4, "accepted": 3, "unchanged": 3, "quarantined": 1}
    marked = "SELECT citizen_number, name FROM data.public_security__residents WHERE mark = 'update_refused'"
    assert asked(hub, marked) == [(NUMBERS[0], "张三")]
    deliver(RESIDENTS, GOOD, "third")
    assert asked(hub, marked) == []


MARKED = "SELECT citizen_number FROM data.public_security__residents WHERE mark = 'vanished'"
MISSPELT = "110105194912310021"  # NUMBERS[0] with another check character


@pytest.mark.parametrize("key", [" ", MISSPELT])
def test_whoever_may_be_the_one_without_a_good_key_is_marked_and_not_closed(
    hub: Hub, deliver: Deliver, key: str
) -> None:
    deliver(RESIDENTS, GOOD)
    outcome = deliver(RESIDENTS, [{**GOOD[0], "citizen_number": key}, *GOOD[1:]], "second")
    assert counted(outcome) == {"pulled": 4, "accepted": 3, "unchanged": 3, "quarantined": 1, "vanished": 1}
    assert asked(hub, "SELECT keys_readable FROM hub.batch ORDER BY number") == [(True,), (False,)]
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(4,)]
    assert asked(hub, "SELECT count(*) FROM data.register_population") == [(4,)]
    assert asked(hub, MARKED) == [(NUMBERS[0],)]
    cases = "SELECT state FROM hub.\"case\" WHERE cause = 'vanished'"
    assert asked(hub, cases) == [("open",)]
    deliver(RESIDENTS, GOOD, "third")
    assert (asked(hub, MARKED), asked(hub, cases)) == ([], [("closed",)])


def test_a_bad_key_that_was_there_before_is_none_of_those_who_vanish_now(hub: Hub, deliver: Deliver) -> None:
    bad = {**GOOD[0], "citizen_number": MISSPELT}
    rows = [resident(number) for number in NUMBERS[1:]]
    deliver(RESIDENTS, [*GOOD, bad])
    outcome = deliver(RESIDENTS, [*rows, bad], "second")
    assert counted(outcome) == {"pulled": 4, "accepted": 3, "unchanged": 3, "quarantined": 1, "vanished": 1}
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents_history") == [(1,)]


def test_who_was_marked_is_closed_by_a_snapshot_without_bad_keys(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, GOOD)
    bad = [{**GOOD[0], "citizen_number": MISSPELT}, *GOOD[1:]]
    deliver(RESIDENTS, bad, "second")
    assert "vanished" not in counted(deliver(RESIDENTS, bad, "third"))
    assert asked(hub, MARKED) == [(NUMBERS[0],)]
    assert deliver(RESIDENTS, [*GOOD[1:], resident("830000199201300022")], "fourth").counts.vanished == 1
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(4,)]


def test_a_vanished_certificate_waits_and_has_a_case(hub: Hub, deliver: Deliver) -> None:
    rows = [licence(f"A{place}") for place in range(6)]
    deliver(LICENCES, rows)
    outcome = deliver(LICENCES, rows[:5], "second")
    assert counted(outcome) == {"pulled": 5, "accepted": 5, "unchanged": 5, "vanished": 1}
    assert asked(hub, "SELECT number, mark FROM hub.certificate WHERE mark IS NOT NULL") == [("A5", "vanished")]
    assert ("verification", "vanished") in asked(hub, 'SELECT kind, cause FROM hub."case"')


def test_level_two_findings_pass_and_become_cases_that_close_when_mended(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, [resident(NUMBERS[0], address=None), *GOOD[1:]])
    cases = "SELECT rule_id, state FROM hub.\"case\" WHERE cause = 'finding'"
    assert asked(hub, cases) == [("address-present", "open")]
    assert asked(hub, "SELECT count(*) FROM hub.refused_row") == [(0,)]
    deliver(RESIDENTS, GOOD, "second")
    assert asked(hub, cases) == [("address-present", "closed")]


def test_references_into_what_was_never_taken_in_are_not_judged(hub: Hub, deliver: Deliver) -> None:
    outcome = deliver(RESIDENTS, GOOD)
    rule = next(score for score in outcome.scores if score.rule_id == "division_code-reference")
    assert (rule.checked, rule.score) == (0, None)
    division = {"code": "440511", "name": "金平区", "level": "county", "type": "市辖区", "parent": "440500"}
    deliver("civil_affairs.divisions", [division])
    outcome = deliver(RESIDENTS, [resident(NUMBERS[0], division_code="440599"), *GOOD[1:]], "second")
    assert refused(hub, outcome.batch) == {1: {"division_code-reference"}}


def test_the_batch_stands_in_the_ledger_once(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, GOOD)
    deliver(RESIDENTS, [*GOOD[:3], resident(NUMBERS[3], name="李四")], "second")
    entries = asked(
        hub, "SELECT jti FROM hub.ledger_entry e JOIN hub.ledger_sequence s ON s.entry_id = e.id ORDER BY 1"
    )
    assert entries == [(f"batch:{RESIDENTS}:1",), (f"batch:{RESIDENTS}:2",)]


# --- the gate


def test_a_batch_that_shrank_is_held_and_changes_nothing(hub: Hub, deliver: Deliver) -> None:
    deliver(RESIDENTS, GOOD)
    served = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    outcome = deliver(RESIDENTS, [resident(NUMBERS[0], name="李四"), resident(NUMBERS[1], name=None)], "second")
    assert outcome.state == "held"
    assert counted(outcome) == {"pulled": 2, "quarantined": 1, "held": 1}
    assert asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1") == served
    reason = str(asked(hub, "SELECT hold_reason FROM hub.batch WHERE number = 2")[0][0])
    assert "减少" in reason
    assert "fewer rows" in reason
    assert deliver(RESIDENTS, GOOD[:2], "second").state == "nothing_new"
    assert counted(deliver(RESIDENTS, GOOD, "third")) == {"pulled": 4, "accepted": 4, "unchanged": 4}


def test_bad_news_in_a_held_batch_does_not_wait(hub: Hub, deliver: Deliver) -> None:
    rows = [licence(f"A{place}") for place in range(8)]
    deliver(LICENCES, rows)
    revoked = licence("A0", status_code="05", status_since="2026-02-01", status_reason="行政处罚")
    renamed = licence("A1", holder_name="另一公司")
    outcome = deliver(LICENCES, [revoked, renamed], "second")
    assert outcome.state == "held"
    assert counted(outcome) == {"pulled": 2, "accepted": 1, "changed": 1, "held": 1}
    told = asked(hub, "SELECT number, status, mark FROM hub.certificate WHERE number IN ('A0', 'A1', 'A7') ORDER BY 1")
    assert told == [("A0", "revoked_penalty", None), ("A1", "valid", None), ("A7", "valid", None)]
    assert asked(hub, "SELECT row_number, outcome FROM hub.refused_row") == [(2, "held")]


def test_too_much_bad_news_waits_like_the_rest(hub: Hub, deliver: Deliver) -> None:
    rows = [licence(f"A{place:02}") for place in range(40)]
    deliver(LICENCES, rows)
    revoked = [{**row, "status_code": "05", "status_since": "2026-02-01", "status_reason": "x"} for row in rows[:20]]
    outcome = deliver(LICENCES, revoked, "second")
    assert outcome.state == "held"
    assert counted(outcome) == {"pulled": 20, "held": 20}
    assert asked(hub, "SELECT DISTINCT status FROM hub.certificate") == [("valid",)]
    assert asked(hub, "SELECT DISTINCT outcome, count(*) FROM hub.refused_row GROUP BY 1") == [("held", 20)]


# --- faults of sources


def test_a_source_that_is_down_leaves_everything_as_it_was(hub: Hub, digest: Callable[[], object]) -> None:
    before = digest()
    url = "postgresql://nobody:secret-word@127.0.0.1:9/none"
    with pytest.raises(SourceDown) as fault:
        opened(hub, {"residents_database": url}).take_in(RESIDENTS)
    assert "secret-word" not in str(fault.value)
    assert digest() == before


def test_a_file_of_the_wrong_shape_names_the_column_and_the_next_one_is_taken(hub: Hub, tmp_path: Path) -> None:
    sample = Path("registries/departments/market_regulation/samples/enterprises_20260101.csv").read_bytes()
    drop = tmp_path / "enterprises_20260102.csv"
    header, rest = sample.split(b"\n", 1)
    drop.write_bytes(header.replace("企业名称".encode("gb18030"), "名称".encode("gb18030")) + b"\n" + rest)
    server = hub.catalogue.dataset(ENTERPRISES).server.name
    intake = opened(hub, {server: str(tmp_path)})
    with pytest.raises(SourceChangedShape) as fault:
        intake.take_in(ENTERPRISES)
    assert fault.value.missing == ("企业名称",)
    assert asked(hub, "SELECT DISTINCT state, failure FROM hub.batch") in ([], [("failed", "SourceChangedShape")])
    drop.write_bytes(sample)
    outcome = intake.take_in(ENTERPRISES)
    assert outcome.state in {"done", "held"}
    assert conserved(outcome.counts)


def test_a_source_without_an_address_or_a_delivery_says_so(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(SourceUnknown):
        opened(hub).take_in(RESIDENTS)
    server = hub.catalogue.dataset(ENTERPRISES).server.name
    with pytest.raises(NoDelivery):
        opened(hub, {server: str(tmp_path)}).take_in(ENTERPRISES)
    with pytest.raises(UnknownDataset):
        opened(hub).take_in("nobody.knows")


# --- a dry run


def test_a_dry_run_tells_what_would_be_and_keeps_nothing(
    hub: Hub, deliver: Deliver, digest: Callable[[], object]
) -> None:
    deliver(RESIDENTS, GOOD)
    before, files = digest(), sorted(hub.home.landed.iterdir())
    rows = [resident(NUMBERS[0], name=None), resident(NUMBERS[1], name="李四"), *GOOD[2:]]
    delivery = Delivery(hub.catalogue.dataset(RESIDENTS), rows, "try")
    outcome = opened(hub).dry_run(RESIDENTS, delivery)
    expected = {"pulled": 4, "accepted": 3, "changed": 1, "unchanged": 2, "quarantined": 1}
    assert {name: count for name, count in asdict(outcome.counts).items() if count} == expected
    assert [(reason.rule_id, reason.rows, reason.first_rows) for reason in outcome.reasons] == [
        ("name-required", 1, (1,))
    ]
    assert digest() == before
    assert sorted(hub.home.landed.iterdir()) == files
