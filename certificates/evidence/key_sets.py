"""A published key set by itself: that it can be read, and that its trust root signed it.

Example:
    >>> from certificates.evidence.given import Given
    >>> import json
    >>> from certificates.jose import ES256, new_key
    >>> from certificates.trust_root import sign_key_set
    >>> root = new_key(ES256)
    >>> keys = [{**root.to_jwk(), "purpose": "root", "status": "active"}]
    >>> published = {"keys": keys, "signatures": [sign_key_set(keys, root, 1704067200)]}
    >>> examine_keys("keys.jwks", json.dumps(published).encode(), Given({})).genuine
    True
"""

from dataclasses import replace

from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.reading import as_json
from certificates.evidence.tokens import signing_keys
from certificates.evidence.trust import look_at_root
from certificates.trust_root import UntrustedKeys, fingerprint, verify_key_set


def examine_keys(name: str, content: bytes, given: Given) -> Report:
    """Verify a key set against its own trust root, and that against the fingerprint if one is given.

    Raises:
        UnusableFile: It is no JSON object.
        BadKey: It is no JWK set, or has no one trust root.
    """
    found, jwks = Findings("keys"), as_json(name, content)
    keys, shown = signing_keys(jwks), fingerprint(jwks)
    found.passed("form", Part.INTEGRITY, f"共 {len(keys)} 个可用公钥。", f"It holds {len(keys)} keys that can be used.")
    try:
        verify_key_set(jwks, shown)
    except UntrustedKeys as error:
        found.failed(
            "signature", Part.INTEGRITY, "信任根签名不符。", "Its trust root's signature does not hold.", error.reason
        )
        return found.refused(error)
    found.passed("signature", Part.INTEGRITY, "信任根签名正确。", "Its trust root's signature holds.")
    checks, points, refusal = look_at_root(replace(given, jwks=jwks))
    report = found.report({"trust_root": shown, "keys": len(keys)})
    return replace(report, checks=(*report.checks, *checks), open_points=points, refusal=refusal)
