"""Any JWS that the hub's keys may have signed: form, type if one is asked for, key, algorithm, signature.

Example:
    >>> from certificates.evidence.given import Given
    >>> from certificates.jose import ES256, new_key, sign, signing_input
    >>> key = new_key(ES256)
    >>> token = sign(signing_input({"a": 1}, key, "example+jwt"), key)
    >>> examine_jws(token, Given({"keys": [key.to_jwk()]})).genuine
    True
"""

from collections.abc import Mapping
from typing import Any

from certificates.compact import NotCompact, parse
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.steps import fail_at, pass_all
from certificates.evidence.times import shown_time
from certificates.groups import verify
from certificates.jose import BadKey, Key, VerificationError, key_from_jwk

_SKEW = 60


def examine_jws(token: str, given: Given) -> Report:
    """Verify a compact JWS with any key of the set, whatever its purpose; what its claims mean is left to the reader.

    Raises:
        BadKey: The keys are no JWK set, or one of them cannot be used.
    """
    found, keys = Findings("jws"), signing_keys(given.jwks)
    try:
        typ = given.typ or parse(token).header["typ"]
        verified = verify(token, keys, typ)
    except (NotCompact, VerificationError) as error:
        refusal = error if isinstance(error, VerificationError) else VerificationError(str(error))
        fail_at(found, refusal.reason, "signature")
        return found.refused(refusal)
    pass_all(found, "signature")
    refused = look_at_times(found, verified.payload, given)
    if refused is not None:
        return found.refused(refused)
    found.left_open(
        "meaning",
        "各项声明的含义未核对。",
        "What the claims mean was not looked at: use the command for their kind.",
    )
    return found.report({"header": dict(verified.header), "payload": dict(verified.payload)})


def signing_keys(jwks: Mapping[str, Any]) -> dict[str, Key]:
    """Every usable key of a JWK set, by ``kid``.

    Raises:
        BadKey: It is no JWK set.
    """
    entries = jwks.get("keys")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("不是 JWK Set", "this is no JWK set")
    keys = [key for entry in entries if (key := _usable(entry))]
    return {key.kid: key for key in keys}


def _usable(entry: Mapping[str, Any]) -> Key | None:
    """A set may hold keys of kinds that are not known here: what they signed then has no key."""
    try:
        return key_from_jwk(entry)
    except BadKey:
        return None


def look_at_times(found: Findings, claims: Mapping[str, Any], given: Given) -> VerificationError | None:
    """Hold ``iat``, ``nbf`` and ``exp`` against the moment to judge by, where a token has them."""
    times = {name: claims[name] for name in ("iat", "nbf", "exp") if name in claims}
    if any(type(value) is not int for value in times.values()):
        found.failed("time", Part.STATUS, "时间应为整数秒。", "Its times are no whole seconds.", "times")
        return VerificationError("times")
    if given.moment is None or not times:
        if times:
            found.left_open("time", "没有给出核对时刻。", "No moment to judge by was given.")
        return None
    return _at(found, times, given.moment)


def _at(found: Findings, times: Mapping[str, int], moment: int) -> VerificationError | None:
    if max(times.get("iat", moment), times.get("nbf", moment)) > moment + _SKEW:
        zh, en = "核对时刻尚未生效。", "It was not in force yet at the moment that is judged by."
        found.failed("time", Part.STATUS, zh, en, "not yet")
        return VerificationError("not yet")
    if "exp" in times and moment >= times["exp"]:
        until = shown_time(times["exp"])
        found.failed("time", Part.STATUS, f"已于 {until} 到期。", f"It expired at {until}.", "expired")
        return VerificationError("expired")
    found.passed("time", Part.STATUS, "在有效时间内。", "The moment lies within its times.")
    return None
