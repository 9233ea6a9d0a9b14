"""Offline bundles: verified by themselves, or opened to verify something else with their keys and status lists.

Example:
    >>> examine_bundle("a.json", b"{}", Given({"keys": []})).refusal.reason
    'form'
"""

from dataclasses import replace

from certificates.bundles import BadBundle, Bundle, open_bundle
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.steps import fail_time
from certificates.evidence.times import shown_time

_TIMES = {"not yet", "expired"}


def examine_bundle(_name: str, content: bytes, given: Given) -> Report:
    """Verify a bundle with the trust root's fingerprint, or with keys that are trusted already."""
    found = Findings("bundle")
    try:
        opened = _opened(content, given)
    except BadBundle as error:
        _failed(found, error)
        return found.refused(error)
    found.passed("bundle", Part.INTEGRITY, "完整，各部分均已签名。", "It is whole, and each part is signed.")
    found.passed("trust", Part.ISSUER, "公钥可信。", "Its keys are those that are trusted.")
    until = shown_time(opened.expires)
    if given.moment is None:
        found.left_open("time", "没有给出核对时刻。", "No moment to judge by was given.")
    else:
        found.passed("time", Part.STATUS, f"有效至 {until}。", f"It counts until {until}.")
    when = shown_time(opened.issued_at)
    found.left_open("later changes", f"{when} 之后的变化不在其中。", f"What changed after {when} is not in it.")
    return found.report(_members(opened), checkpoint=opened.checkpoint)


def with_bundle(given: Given, content: bytes) -> Given:
    """What is given, with a bundle's keys and status lists added; the keys only where none were given.

    Raises:
        BadBundle: It is not good, or nothing given makes it trusted.
    """
    opened = _opened(content, given)
    return replace(given, jwks=given.jwks or opened.jwks, lists={**given.lists, **opened.tokens})


def _opened(content: bytes, given: Given) -> Bundle:
    return open_bundle(content, root=given.root, jwks=given.jwks or None, at=given.moment)


def _failed(found: Findings, error: BadBundle) -> None:
    if error.reason in _TIMES:
        fail_time(found, error.reason)
    elif error.reason in {"no trust", "no such root", "root compromised", "kid", "key compromised", "key retired"}:
        zh, en = "公钥不可信：须给出信任根指纹或已有公钥。", "Its keys are not trusted: give the trust root or keys."
        found.failed("trust", Part.ISSUER, zh, en, error.reason)
    else:
        zh, en = "不完整或已被改动。", "It is not whole, or was changed."
        found.failed("bundle", Part.INTEGRITY, zh, en, error.reason)


def _members(opened: Bundle) -> dict[str, object]:
    return {
        "issuer": opened.issuer,
        "issued_at": shown_time(opened.issued_at),
        "expires": shown_time(opened.expires),
        "status_lists": len(opened.lists),
        "size": None if opened.checkpoint is None else opened.checkpoint.size,
    }
