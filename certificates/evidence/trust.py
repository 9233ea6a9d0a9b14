"""Whether the keys given are the hub's: signed by the trust root whose fingerprint is printed on receipts.

Example:
    >>> look_at_root(Given({"keys": []}))[1][0].name
    'trust root'
"""

from certificates.errors import CertificatesError
from certificates.evidence.findings import Check, Found, OpenPoint, Part
from certificates.evidence.given import Given
from certificates.evidence.times import shown_time
from certificates.jose import BadKey
from certificates.trust_root import UntrustedKeys, fingerprint, verify_key_set

Trust = tuple[tuple[Check, ...], tuple[OpenPoint, ...], CertificatesError | None]
NAME = "trust root"


def look_at_root(given: Given) -> Trust:
    """The check of the key set if a fingerprint was given, or what to compare by eye if not.

    Raises:
        BadKey: It is no JWK set, or a root in it cannot be used.
    """
    if given.root is None:
        return (), (_compare_by_eye(given),), None
    try:
        trusted = verify_key_set(given.jwks, given.root)
    except UntrustedKeys as error:
        zh, en = "公钥文件不是该信任根签署的。", "The keys are not signed by the trust root of this fingerprint."
        return (Check(NAME, Part.ISSUER, Found.FAIL, zh, en, error.reason),), (), error
    when = shown_time(trusted.made_at)
    zh, en = f"公钥文件由信任根于 {when} 签署。", f"The keys were signed by the trust root at {when}."
    later = OpenPoint(
        "later keys",
        "该文件签署之后公布的密钥失密情况，此处不得而知。",
        "Keys reported stolen after the key file was signed are not known here: get today's file.",
    )
    return (Check(NAME, Part.ISSUER, Found.PASS, zh, en),), (later,), None


def _compare_by_eye(given: Given) -> OpenPoint:
    try:
        shown = fingerprint(given.jwks)
    except BadKey:
        zh, en = "公钥文件中没有信任根，来源须另行确认。", "The key file has no trust root: make sure where it is from."
        return OpenPoint(NAME, zh, en)
    zh = f"公钥文件是否出自本平台：请与回执上印的信任根指纹核对 {shown}。"
    en = (
        f"Whether the keys are the hub's: compare {shown} with the trust root printed on receipts, or give it (--root)."
    )
    return OpenPoint(NAME, zh, en)
