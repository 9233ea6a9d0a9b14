"""Hashes are Argon2id, salted, and an unknown login costs what a known one costs."""

from time import perf_counter

from exchange_api.passwords import LONGEST, hash_password, password_fits


def test_a_password_fits_its_own_hash_alone() -> None:
    first, second = hash_password("门前大桥下"), hash_password("门前大桥下")
    assert first.startswith("$argon2id$")
    assert first != second
    assert password_fits(first, "门前大桥下")
    assert not password_fits(first, "门前大桥")
    assert not password_fits("no hash at all", "门前大桥下")
    assert not password_fits(first, "a" * (LONGEST + 1))


def test_no_account_takes_as_long_as_an_account() -> None:
    kept = hash_password("secret word")
    began = perf_counter()
    assert not password_fits(kept, "wrong")
    known = perf_counter() - began
    began = perf_counter()
    assert not password_fits(None, "wrong")
    assert perf_counter() - began > known / 4
