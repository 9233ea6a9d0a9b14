"""What pages compute and escape, without a browser."""

import pytest

from certificates.checks import STATUS_EN, STATUS_ZH, Outcome
from certificates.life import Move
from certificates.status import Status
from certificates.types import FieldKind, HolderKind, Validity
from certificates.verdicts import VerdictCode
from exchange_api.certificate_types import HOLDERS, VALIDITIES
from exchange_api.pages import words
from exchange_api.pages.qr import qr_image
from exchange_api.pages.rendering import points, render
from exchange_api.pages.views.frame import FaultView, Frame, Words
from exchange_api.pages.views.scores import BANDS, Score


@pytest.mark.parametrize(
    ("passed", "tone"),
    [
        (0, "red"),
        (900, "red"),
        (901, "orange"),
        (950, "orange"),
        (951, "yellow"),
        (980, "yellow"),
        (981, "green"),
        (1000, "green"),
    ],
)
def test_bands_are_those_of_gleif(passed: int, tone: str) -> None:
    assert Score(passed, 1000).band.tone == tone


def test_no_data_is_not_full_marks() -> None:
    assert Score(0, 0).share is None
    assert [band.tone for band in BANDS] == ["red", "orange", "yellow", "green"]


@pytest.mark.parametrize(("share", "shown"), [(1.0, "100.00"), (0.999999, "99.99"), (0.98, "98.00"), (0.0, "0.00")])
def test_points_never_round_up_to_full_marks(share: float, shown: str) -> None:
    assert points(share) == shown


def test_every_verdict_check_outcome_and_bad_status_has_words() -> None:
    assert set(words.VERDICTS) == {code.value for code in VerdictCode}
    assert set(words.OUTCOMES) == {outcome.value for outcome in Outcome}
    assert all(status.value in words.VERDICTS for status in Status if status is not Status.DRAFT)


def test_every_move_state_and_field_has_words() -> None:
    assert set(words.MOVES) == {move.value for move in Move}
    assert set(words.FIELD_KINDS) == {kind.value for kind in FieldKind}
    assert STATUS_ZH.keys() == STATUS_EN.keys() == set(Status)
    assert VALIDITIES.keys() == set(Validity)
    assert HOLDERS.keys() == set(HolderKind)


def test_tones_of_ignorance_are_not_the_tone_of_fault() -> None:
    assert {words.VERDICTS[code].tone for code in ("pending_check", "not_covered", "unavailable")} == {"blue"}


def test_what_people_wrote_is_escaped() -> None:
    said = Words("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>')
    page = render("fault.html", Frame(said), FaultView("gold", said, said, "/", said), 404).body.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_qr_codes_hold_ascii_only() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        qr_image("回执")
