"""Verdicts: each answer of the design, bad news first, ignorance never the citizen's fault, and nothing leaked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.issuers import Issuer
from certificates.records import CertificateObject, CertificateRecord, Holder, LookUp, Question, SourceState
from certificates.status import BAD_NEWS, Status, StatusEvent
from certificates.types import load_types
from certificates.verdicts import Outcome, RefusalReason, Verdict, VerdictCode, judge, mask_name, refuse

TYPES = load_types()
LICENCE = "11100000MB0143028R001"
RESIDENCE_PERMIT = "DEMO00000000000000001"
TODAY = date(2024, 6, 1)
CHECKS = ["record", "holder", "status", "validity", "issuer", "integrity", "freshness", "quality", "disputes"]
SOURCE = SourceState(covered=True, data_as_of=datetime(2024, 5, 31, 2, tzinfo=UTC), fresh=True, score=0.997)
STALE = replace(SOURCE, fresh=False)
RECORD = CertificateRecord(
    type_code=LICENCE,
    number="4405080001234",
    identifier="1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    identifier_ok=True,
    issuing_authority_name="汕头市市场监督管理局",
    issuing_authority_code="11430000006122244L",
    issued_on=date(2020, 1, 1),
    valid_from=date(2020, 1, 1),
    valid_until=date(2030, 1, 1),
    long_term=False,
    status=Status.VALID,
    events=(StatusEvent(Status.VALID, date(2020, 1, 1)),),
    holders=(Holder("汕头示例有限公司", "91110000600037341L", "001"), Holder("张小三", "11010519491231002X", "111")),
    mark=None,
    digest_ok=True,
    trust_level="A",
    dataset="market_regulation.business_licences",
)
QUESTION = Question(LICENCE, RECORD.number, "汕头示例有限公司", "91110000600037341L", "001", "purpose", "item", "case")
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def ask(
    record: CertificateRecord | None = RECORD,
    *,
    source: SourceState = SOURCE,
    being_checked: bool = False,
    as_of: date | None = None,
    today: date = TODAY,
) -> Verdict:
    question = replace(QUESTION, certificate_type=record.type_code if record else LICENCE, as_of=as_of)
    return judge(question, LookUp(record, being_checked, source), today, TYPES)


def line(verdict: Verdict, check: str) -> Outcome:
    return next(line.outcome for line in verdict.lines if line.check == check)


def test_a_valid_certificate() -> None:
    verdict = ask()
    assert verdict.code == VerdictCode.VALID
    assert [found.check for found in verdict.lines] == CHECKS
    assert {found.outcome for found in verdict.lines} == {Outcome.PASS}
    assert verdict.certificate == {
        "type": LICENCE,
        "number": "4405080001234",
        "identifier": "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "internal_id": None,
        "issuing_authority": "汕头市市场监督管理局",
        "principal": None,
        "issued_on": "2020-01-01",
        "valid_from": "2020-01-01",
        "valid_until": "2030-01-01",
        "long_term": False,
        "holders": [
            {"name": "汕头示例有限公司", "role": "", "asked": False},
            {"name": "张**", "role": "", "asked": False},
        ],
        "objects": [],
    }


def test_the_holder_asked_for_is_shown_and_others_only_by_their_surnames() -> None:
    couple = (Holder("林志强", "11010519491231002X", "111", "男方"), Holder("陈美", "x", "111", "女方", asked=True))
    shown = ask(replace(RECORD, holders=couple)).certificate
    assert shown is not None
    assert shown["holders"] == [
        {"name": "林**", "role": "男方", "asked": False},
        {"name": "陈*", "role": "女方", "asked": True},
    ]
    alone = ask(replace(RECORD, holders=(couple[0],))).certificate
    assert alone is not None
    assert alone["holders"] == [{"name": "林*强", "role": "男方", "asked": True}]


def test_objects_of_people_are_masked() -> None:
    objects = (
        CertificateObject("vehicle", "粤D12345", "货车"),
        CertificateObject("unit", "440507001001GB00012", "龙湖区长平路一号"),
    )
    of_people = ask(replace(RECORD, objects=objects)).certificate
    of_company = ask(replace(RECORD, objects=objects, holders=RECORD.holders[:1])).certificate
    assert of_people is not None
    assert of_company is not None
    assert of_people["objects"] == [
        {"kind": "vehicle", "number": "粤D***45", "name": "货车"},
        {"kind": "unit", "number": "4405***********0012", "name": "龙湖区长平路**"},
    ]
    assert [one["number"] for one in of_company["objects"]] == ["粤D12345", "440507001001GB00012"]


def test_json_holds_no_holder_code_and_no_inner_finding() -> None:
    shown = ask(replace(RECORD, valid_until=date(2021, 1, 1))).to_json()
    assert set(shown) == {"code", "zh", "en", "next", "lines", "certificate"}
    assert set(shown["lines"][0]) == {"check", "outcome", "zh", "en"}
    assert "11010519491231002X" not in str(shown)
    assert "91110000600037341L" not in str(shown)


@pytest.mark.parametrize("status", sorted(BAD_NEWS))
@pytest.mark.parametrize("mark", [None, "update_refused", "vanished"])
@pytest.mark.parametrize("digest_ok", [True, False])
def test_bad_news_never_waits(status: Status, mark: str | None, digest_ok: bool) -> None:
    events = (*RECORD.events, StatusEvent(status, date(2024, 5, 1)))
    record = replace(RECORD, status=status, events=events, mark=mark, digest_ok=digest_ok)
    for source in (SOURCE, STALE):
        assert ask(record, source=source, being_checked=True).code == VerdictCode(status.value)


@given(st.sampled_from(sorted(BAD_NEWS)), DAYS, DAYS)
def test_a_revoked_certificate_is_valid_on_no_day_from_then_on(status: Status, since: date, day: date) -> None:
    events = (*RECORD.events, StatusEvent(status, since))
    code = ask(replace(RECORD, status=status, events=events), as_of=day).code
    if day >= min(since, TODAY) or status == Status.REVOKED_VOID:
        assert code != VerdictCode.VALID
    else:
        assert code == VerdictCode.VALID


@given(st.sampled_from([Status.REVOKED_VOID, Status.REVOKED_PENALTY, Status.SUSPENDED]), DAYS, DAYS, DAYS)
def test_a_restored_certificate_is_valid_from_then_on(status: Status, one: date, two: date, day: date) -> None:
    since, restored = sorted((one, two + timedelta(days=1)))
    restored = min(max(restored, since + timedelta(days=1)), TODAY)
    events = (*RECORD.events, StatusEvent(status, since), StatusEvent(Status.VALID, restored, "复议决定"))
    code = ask(replace(RECORD, events=events), as_of=day).code
    suspended = since <= day < restored
    assert code == (VerdictCode(status.value) if suspended else VerdictCode.VALID)


def test_a_day_before_the_revocation_says_what_came_later() -> None:
    events = (*RECORD.events, StatusEvent(Status.REVOKED_PENALTY, date(2024, 3, 1)))
    record = replace(RECORD, status=Status.REVOKED_PENALTY, events=events)
    verdict = ask(record, as_of=date(2024, 2, 1))
    assert verdict.code == VerdictCode.VALID
    assert line(verdict, "status") == Outcome.WARN
    unknown = ask(replace(record, events=events[1:]), as_of=date(2024, 2, 1))
    assert unknown.code == VerdictCode.PENDING_CHECK
    assert line(unknown, "status") == Outcome.UNKNOWN


@pytest.mark.parametrize(("day", "code"), [("2029-12-31", "valid"), ("2030-01-01", "valid"), ("2030-01-02", "expired")])
def test_the_end_date_is_inclusive(day: str, code: str) -> None:
    assert ask(as_of=date.fromisoformat(day)).code == code
    assert ask(today=date.fromisoformat(day)).code == code


def test_the_first_day() -> None:
    assert ask(as_of=date(2019, 12, 31)).code == VerdictCode.NOT_YET_VALID
    assert ask(as_of=date(2020, 1, 1)).code == VerdictCode.VALID
    assert ask(replace(RECORD, valid_from=None), as_of=date(2019, 12, 31)).code == VerdictCode.NOT_YET_VALID
    assert ask(replace(RECORD, valid_from=None, issued_on=None)).code == VerdictCode.VALID
    assert ask(replace(RECORD, status=Status.DRAFT, events=())).code == VerdictCode.NOT_YET_VALID


def test_a_day_ahead_is_told_as_registered() -> None:
    verdict = ask(as_of=date(2025, 1, 1))
    assert (verdict.code, line(verdict, "validity")) == (VerdictCode.VALID, Outcome.WARN)


def test_long_term_only_where_declared() -> None:
    assert ask(replace(RECORD, valid_until=None, long_term=True)).code == VerdictCode.VALID
    assert ask(replace(RECORD, valid_until=date(9999, 12, 31), long_term=True)).code == VerdictCode.VALID
    missing = ask(replace(RECORD, valid_until=None))
    assert (missing.code, line(missing, "validity")) == (VerdictCode.PENDING_CHECK, Outcome.UNKNOWN)
    house = replace(RECORD, type_code="11100000MB03271699001", valid_until=None)
    assert ask(house).code == VerdictCode.VALID


def test_expired_by_the_source_without_a_day_counts_from_the_end_date() -> None:
    record = replace(RECORD, status=Status.EXPIRED, events=(), valid_until=date(2024, 1, 31))
    assert ask(record).code == VerdictCode.EXPIRED
    assert ask(record, as_of=date(2024, 1, 31)).code == VerdictCode.VALID
    dated = replace(record, events=(StatusEvent(Status.EXPIRED, date(2024, 2, 1)),))
    assert ask(dated, as_of=date(2024, 1, 31)).code == VerdictCode.VALID
    early = replace(RECORD, status=Status.EXPIRED, events=(StatusEvent(Status.EXPIRED, date(2024, 2, 1)),))
    assert ask(early).code == VerdictCode.EXPIRED


def test_endorsement() -> None:
    permit = replace(RECORD, type_code=RESIDENCE_PERMIT, valid_until=date(2024, 5, 1))
    assert ask(permit).code == VerdictCode.ENDORSEMENT_DUE
    assert ask(permit, as_of=date(2024, 5, 1)).code == VerdictCode.VALID


@pytest.mark.parametrize("mark", ["update_refused", "vanished"])
def test_a_genuine_certificate_whose_update_waits_is_pending(mark: str) -> None:
    for record in (replace(RECORD, mark=mark), replace(RECORD, mark=mark, valid_until=date(2024, 1, 1))):
        verdict = ask(record, being_checked=True)
        assert verdict.code == VerdictCode.PENDING_CHECK
        assert line(verdict, "disputes") == Outcome.WARN
    expired = replace(RECORD, mark=mark, status=Status.EXPIRED)
    assert ask(expired).code == VerdictCode.PENDING_CHECK  # what waits may be the renewal


def test_a_record_that_was_tampered_with_is_not_believed() -> None:
    verdict = ask(replace(RECORD, digest_ok=False))
    assert (verdict.code, line(verdict, "integrity")) == (VerdictCode.PENDING_CHECK, Outcome.FAIL)


def test_without_a_record_the_reasons_are_kept_apart() -> None:
    assert ask(None, being_checked=True).code == VerdictCode.PENDING_CHECK
    assert ask(None, being_checked=True, source=STALE).code == VerdictCode.PENDING_CHECK
    assert ask(None).code == VerdictCode.NO_MATCH
    assert ask(None, source=STALE).code == VerdictCode.UNAVAILABLE
    assert ask(None, source=replace(STALE, covered=False)).code == VerdictCode.NOT_COVERED
    unknown_type = replace(QUESTION, certificate_type="X" * 21)
    assert judge(unknown_type, LookUp(None, True, SOURCE), TODAY, TYPES).code == VerdictCode.NOT_COVERED


@given(st.text(min_size=1), st.text(min_size=1), st.booleans(), st.sampled_from([SOURCE, STALE]))
def test_no_such_number_and_another_holder_are_one_answer(
    number: str, name: str, being_checked: bool, source: SourceState
) -> None:
    look_up = LookUp(None, being_checked, source)
    other = replace(QUESTION, certificate_number=number, holder_name=name)
    assert judge(QUESTION, look_up, TODAY, TYPES) == judge(other, look_up, TODAY, TYPES)
    assert judge(other, look_up, TODAY, TYPES).certificate is None


def test_a_date_that_ended_after_the_sources_last_word_may_have_been_renewed() -> None:
    ended = replace(RECORD, valid_until=date(2024, 5, 31))
    assert ask(ended, source=STALE).code == VerdictCode.UNAVAILABLE
    assert ask(ended).code == VerdictCode.EXPIRED
    assert ask(replace(RECORD, valid_until=date(2024, 5, 30)), source=STALE).code == VerdictCode.EXPIRED
    assert ask(ended, source=replace(STALE, data_as_of=None)).code == VerdictCode.UNAVAILABLE
    fine = ask(source=STALE)
    assert (fine.code, line(fine, "freshness")) == (VerdictCode.VALID, Outcome.WARN)


@pytest.mark.parametrize(
    ("record", "source", "check", "outcome"),
    [
        (replace(RECORD, identifier_ok=False), SOURCE, "record", Outcome.WARN),
        (replace(RECORD, issuing_authority_code=""), SOURCE, "issuer", Outcome.UNKNOWN),
        (replace(RECORD, issuing_authority_code="11430000006122244X"), SOURCE, "issuer", Outcome.WARN),
        (replace(RECORD, issuing_authority_code="11220000013544541J"), SOURCE, "issuer", Outcome.WARN),
        (replace(RECORD, issuing_authority_code="340100", identifier=None), SOURCE, "issuer", Outcome.PASS),
        (replace(RECORD, identifier="damaged"), SOURCE, "issuer", Outcome.PASS),
        (replace(RECORD, trust_level="D"), SOURCE, "quality", Outcome.WARN),
        (RECORD, replace(SOURCE, score=0.94), "quality", Outcome.WARN),
        (RECORD, replace(SOURCE, score=None), "quality", Outcome.UNKNOWN),
        (RECORD, replace(SOURCE, data_as_of=None), "freshness", Outcome.UNKNOWN),
    ],
)
def test_findings_that_warn_and_do_not_refuse(
    record: CertificateRecord, source: SourceState, check: str, outcome: Outcome
) -> None:
    verdict = ask(record, source=source)
    assert (verdict.code, line(verdict, check)) == (VerdictCode.VALID, outcome)


def test_a_score_is_cut_and_never_rounded_up() -> None:
    verdict = ask(source=replace(SOURCE, score=0.99999))
    assert "99.9%" in next(found.zh for found in verdict.lines if found.check == "quality")


def test_refusals_say_nothing_of_any_certificate() -> None:
    for reason in RefusalReason:
        verdict = refuse(reason)
        assert (verdict.code, verdict.lines, verdict.certificate) == (VerdictCode.REFUSED, (), None)
        assert verdict.next_zh
        assert verdict.next_en


@given(st.sampled_from(list(Status)), st.sampled_from([None, "update_refused", "vanished"]), st.booleans(), DAYS)
def test_every_verdict_has_a_next_step(status: Status, mark: str | None, fresh: bool, day: date) -> None:
    record = replace(RECORD, status=status, events=(), mark=mark)
    verdict = ask(record, source=replace(SOURCE, fresh=fresh), as_of=day)
    assert all((verdict.zh, verdict.en, verdict.next_zh, verdict.next_en))
    assert [found.check for found in verdict.lines] == CHECKS


@pytest.mark.parametrize(
    ("name", "masked"), [("", ""), ("张", "张"), ("张三", "张*"), ("张小三", "张*三"), ("欧阳小三", "欧**三")]
)
def test_masked_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_what_a_former_bureau_issued_stays_good_under_its_successor() -> None:
    former = Issuer("汕头市工商局", "Shantou AIC", date(2000, 1, 1), date(2021, 12, 31), ("汕头市市场监督管理局",))
    issuers = {RECORD.issuing_authority_code: former}
    verdict = judge(QUESTION, LookUp(RECORD, False, SOURCE), TODAY, TYPES, issuers)
    told = next(line for line in verdict.lines if line.check == "issuer")
    assert (verdict.code, told.outcome) == (VerdictCode.VALID, Outcome.PASS)
    assert "汕头市市场监督管理局" in told.zh
    later = replace(RECORD, issued_on=date(2022, 1, 1))
    assert line(judge(QUESTION, LookUp(later, False, SOURCE), TODAY, TYPES, issuers), "issuer") == Outcome.WARN
    working = {RECORD.issuing_authority_code: replace(former, valid_until=None)}
    assert judge(QUESTION, LookUp(RECORD, False, SOURCE), TODAY, TYPES, working) == ask()


def test_a_dispute_leaves_it_open_and_bad_news_stands() -> None:
    disputed = judge(QUESTION, LookUp(RECORD, being_checked=False, source=SOURCE, disputed=True), TODAY, TYPES)
    assert (disputed.code, line(disputed, "disputes")) == (VerdictCode.PENDING_CHECK, Outcome.WARN)
    assert "served as usual" in disputed.next_en
    revoked = replace(RECORD, status=Status.REVOKED_PENALTY, events=())
    bad = judge(QUESTION, LookUp(revoked, being_checked=False, source=SOURCE, disputed=True), TODAY, TYPES)
    assert (bad.code, line(bad, "disputes")) == (VerdictCode.REVOKED_PENALTY, Outcome.WARN)
    missing = judge(QUESTION, LookUp(None, being_checked=False, source=SOURCE, disputed=True), TODAY, TYPES)
    assert (missing.code, missing.lines[-1].check) == (VerdictCode.PENDING_CHECK, "disputes")


def asked_of_paper(state: str) -> Verdict:
    return judge(QUESTION, LookUp(None, being_checked=False, source=SOURCE, unchecked=state), TODAY, TYPES)


@pytest.mark.parametrize("state", ["", Status.VALID, Status.EXPIRED])
def test_a_record_of_the_paper_era_is_not_yet_checked_and_never_no_match(state: str) -> None:
    verdict = asked_of_paper(state)
    assert (verdict.code, verdict.certificate) == (VerdictCode.PENDING_CHECK, None)
    assert "尚未核对" in verdict.zh
    assert "应当照常办理" in verdict.next_zh
    assert "must be served as usual" in verdict.next_en
    assert line(verdict, "holder") == Outcome.UNKNOWN


@pytest.mark.parametrize("state", sorted(BAD_NEWS))
def test_bad_news_about_the_paper_era_does_not_wait_either(state: Status) -> None:
    assert asked_of_paper(state).code.value == state.value
