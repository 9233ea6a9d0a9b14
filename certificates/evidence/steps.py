"""The steps of checking a token, one line each: from the reason of a refusal to the step that found it.

``jose.verify`` stops at the first thing that is wrong and names a reason. Here that becomes the list a reader expects:
the steps before it passed, this one failed, those after it were not reached.

Example:
    >>> from certificates.evidence.findings import Findings
    >>> found = Findings("jws")
    >>> fail_at(found, "signature")
    >>> [(check.name, check.found.value) for check in found.checks][-2:]
    [('algorithm', 'pass'), ('signature', 'fail')]
"""

from dataclasses import dataclass

from certificates.compact import REASONS
from certificates.evidence.findings import Findings, Part


@dataclass(frozen=True)
class Step:
    """One step: its name, the verdict's part it belongs to, what it says if it holds and if not."""

    name: str
    part: Part
    holds: tuple[str, str]
    fails: tuple[str, str]


STEPS = (
    Step(
        "form",
        Part.INTEGRITY,
        ("格式规范，只有一种写法。", "Its form is strict: one spelling."),
        ("格式不规范，可能被改动或截断。", "Its form is not as it should be: changed or cut."),
    ),
    Step(
        "type",
        Part.INTEGRITY,
        ("类型相符。", "It is of the type asked for."),
        ("不是所要验证的类型。", "It is of another type."),
    ),
    Step(
        "key",
        Part.ISSUER,
        ("签名密钥在所给公钥之中。", "Its key is among those given."),
        (
            "签名密钥不在所给公钥之中：可能是其他平台签发，或公钥文件过旧。",
            "Its key is not among those given: of another hub, or the key file is too old.",
        ),
    ),
    Step(
        "algorithm",
        Part.INTEGRITY,
        ("算法与密钥一致。", "Its algorithm is its key's."),
        ("算法与密钥不一致。", "Its algorithm is not its key's."),
    ),
    Step(
        "signature",
        Part.INTEGRITY,
        ("签名正确，一字未改。", "The signature holds: not a character was changed."),
        ("签名不符：内容或签名已被改动。", "The signature does not hold: content or signature were changed."),
    ),
    Step(
        "claims",
        Part.INTEGRITY,
        ("内容齐全。", "Its members are complete."),
        ("内容成员不符。", "Its members are not those it should have."),
    ),
    Step(
        "key period",
        Part.ISSUER,
        ("签发时密钥有效。", "Its key counted when it was signed."),
        ("签发时密钥已停用或已失密。", "Its key did not count any more when it was signed."),
    ),
)

_STEP_OF_REASON = {
    **dict.fromkeys((*REASONS, "iss"), "form"),
    "typ": "type",
    "kid": "key",
    "alg": "algorithm",
    "signature": "signature",
    "group": "signature",
    "claims": "claims",
}


JOSE_REASONS = frozenset(_STEP_OF_REASON)
"""Reasons of ``jose.verify``, and of the claims read after it."""

KEY_REASONS = frozenset({"key retired", "key compromised"})
"""Reasons why a key that is known does not count."""


def fail_at(found: Findings, reason: str, last: str = "key period") -> None:
    """Note the steps that passed before the one that a reason belongs to, and that one as failed.

    A reason that is none of form, type, key, algorithm, signature or claims is about the key's period.
    """
    failing = _STEP_OF_REASON.get(reason, last)
    for step in STEPS:
        if step.name == failing:
            found.failed(step.name, step.part, *step.fails, reason)
            return
        found.passed(step.name, step.part, *step.holds)


def pass_all(found: Findings, last: str = "key period") -> None:
    """Note every step up to the last as passed."""
    for step in STEPS:
        found.passed(step.name, step.part, *step.holds)
        if step.name == last:
            return


def fail_time(found: Findings, reason: str) -> None:
    """Note that the moment asked for is before or after what a token allows."""
    found.failed("time", Part.STATUS, "不在有效时间内。", "The moment does not lie within its times.", reason)
