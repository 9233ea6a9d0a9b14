"""Codes are those of RFC 6238, secrets are sealed, recovery codes forgive how they are typed."""

from datetime import UTC, datetime

import pytest

from certificates.sealing import SealBroken
from exchange_api.people import one_time_codes as codes

SECRET = b"12345678901234567890"
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize("seconds", [*VECTORS, 20000000000])
def test_codes_are_those_of_the_standard(seconds: int) -> None:
    expected = (VECTORS | {20000000000: "353130"})[seconds]  # RFC 6238, appendix B, the last six digits
    assert codes.code_at(SECRET, seconds // 30) == expected


def test_a_code_counts_one_step_aside_and_no_further() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    step = codes.step_of(now)
    fits = [codes.step_of_code(SECRET, codes.code_at(SECRET, step + aside), now) for aside in (-2, -1, 0, 1, 2)]
    assert fits == [None, step - 1, step, step + 1, None]
    assert codes.step_of_code(SECRET, "", now) is None
    assert codes.step_of_code(SECRET, "１２３４５６", now) is None


def test_secrets_open_with_their_key_alone() -> None:
    key = b"k" * 32
    kept = codes.sealed(SECRET, key)
    assert SECRET not in kept
    assert codes.unsealed(kept, key) == SECRET
    for other in (kept[:-1], bytes([*kept[:-1], kept[-1] ^ 1])):
        with pytest.raises(SealBroken):
            codes.unsealed(other, key)
    with pytest.raises(SealBroken):
        codes.unsealed(kept, b"x" * 32)


def test_recovery_codes_forgive_how_they_are_typed() -> None:
    made = codes.new_recovery_codes()
    assert len(set(made)) == codes.RECOVERY_CODES
    one = made[0]
    assert codes.recovery_digest(one) == codes.recovery_digest(one.lower().replace("-", " "))
    assert codes.recovery_digest(one) != codes.recovery_digest(made[1])


def test_the_address_for_an_authenticator_is_ascii() -> None:
    address = codes.as_address(SECRET, "li.ming")
    assert address.startswith("otpauth://totp/Mianzheng:li.ming?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=")
    assert address.isascii()
