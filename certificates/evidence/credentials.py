"""A credential (SD-JWT VC) as it was presented: the hub's signature, what was disclosed, time, key binding, status.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_credential("a~b~", Given({"keys": []})).genuine
    False
"""

from typing import Any, Final

from certificates.credentials import BadCredential, Binding, Credential, open_credential
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.statuses import look_at_status
from certificates.evidence.steps import JOSE_REASONS, KEY_REASONS, fail_at, fail_time, pass_all
from certificates.evidence.times import shown_time
from certificates.published_keys import published_keys

PURPOSE: Final = "credential"
_TIMES = {"not yet", "expired"}
_BINDING = {"key binding", "key binding age", "sd_hash", "holder key"}


def examine_credential(text: str, given: Given) -> Report:
    """Verify a credential, and its status if the list that it names is given.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found, keys = Findings("credential"), published_keys(given.jwks, PURPOSE)
    asked = given.audience is not None or given.nonce is not None
    demanded = Binding(given.audience or "", given.nonce or "") if asked else None
    try:
        credential = open_credential(text, keys, at=given.moment, demanded=demanded)
    except BadCredential as error:
        _failed(found, error)
        return found.refused(error)
    _passed(found, credential, given)
    refusal = look_at_status(found, credential.status, given)
    return found.report(_members(credential)) if refusal is None else found.refused(refusal)


def _passed(found: Findings, credential: Credential, given: Given) -> None:
    pass_all(found)
    found.passed("disclosures", Part.INTEGRITY, "所出示各项与签名相符。", "What was disclosed is what was signed.")
    if given.moment is None:
        found.left_open("time", "没有给出核对时刻。", "No moment to judge by was given.")
    else:
        found.passed("time", Part.STATUS, "在有效时间内。", "The moment lies within its times.")
    if credential.bound:
        found.passed(
            "key binding", Part.INTEGRITY, "出示者持有绑定密钥。", "Who presents it has the key it is bound to."
        )
    if not credential.bound or given.nonce is None:
        zh = "出示者是否即持有人，须要求当场以绑定密钥签名（受众与随机数），或核对身份。"
        en = "Whether who presents it is its holder: demand a fresh proof (audience, nonce), or look at the person."
        found.left_open("holder", zh, en)


def _failed(found: Findings, error: BadCredential) -> None:
    if error.reason in JOSE_REASONS or error.reason in KEY_REASONS:
        fail_at(found, error.reason)
        return
    pass_all(found)
    if error.reason in _TIMES:
        fail_time(found, error.reason)
    elif error.reason in _BINDING:
        zh, en = "密钥绑定证明不符。", "The proof that its holder presents it does not hold."
        found.failed("key binding", Part.INTEGRITY, zh, en, error.reason)
    else:
        zh, en = "所出示各项与签名不符。", "What was disclosed is not what was signed."
        found.failed("disclosures", Part.INTEGRITY, zh, en, error.reason)


def _members(credential: Credential) -> dict[str, Any]:
    return {
        "issuer": credential.iss,
        "issued_at": shown_time(credential.issued_at),
        "expires": shown_time(credential.expires),
        "receipt": credential.receipt,
        "disclosed": dict(credential.certificate),
        "status": {"uri": credential.status.uri, "index": credential.status.idx},
        "key": credential.kid,
        "bound": credential.bound,
    }
