"""One-time codes of an authenticator (RFC 6238: HMAC-SHA-1, 30 s, six digits), and recovery codes beside them.

The secret is 160 random bits, sealed at rest; a code counts within one step on either side of now, and never twice.

    >>> from datetime import datetime, timezone
    >>> at = datetime.fromtimestamp(1111111109, timezone.utc)
    >>> code_at(b"12345678901234567890", step_of(at))      # RFC 6238, appendix B, the last six digits
    '081804'
"""

import base64
import hashlib
import hmac
import io
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from certificates.sealing import SealedReader, SealedWriter

STEP_SECONDS = 30
DIGITS = 6
STEPS_ASIDE = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
ISSUER = "Mianzheng"


def new_secret() -> bytes:
    """A secret for an authenticator."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(now: datetime) -> int:
    """The number of the 30 seconds that a moment lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, section 5.3)."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of_code(secret: bytes, code: str, now: datetime) -> int | None:
    """The step whose code this is, now or next to now; None for any other text. Looks at all of them in any case."""
    around = range(step_of(now) - STEPS_ASIDE, step_of(now) + STEPS_ASIDE + 1)
    given = code.encode("utf-8", "replace")
    fits = [step for step in around if hmac.compare_digest(code_at(secret, step).encode(), given)]
    return fits[-1] if fits else None


def as_text(secret: bytes) -> str:
    """The secret as people type it, Base32 in groups of four."""
    text = base64.b32encode(secret).decode("ascii")
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def as_address(secret: bytes, login: str) -> str:
    """The address that an authenticator reads from a QR code; ASCII only."""
    query = {"secret": base64.b32encode(secret).decode("ascii"), "issuer": ISSUER, "digits": str(DIGITS)}
    return f"otpauth://totp/{quote(ISSUER)}:{quote(login)}?{urlencode(query)}"


def sealed(secret: bytes, key: bytes) -> bytes:
    """The secret as the store keeps it."""
    kept = io.BytesIO()
    with SealedWriter(kept, key) as writer:
        writer.write(secret)
    return kept.getvalue()


def unsealed(kept: bytes, key: bytes) -> bytes:
    """The secret again.

    Raises:
        certificates.sealing.SealBroken: it was changed, or the hub's key is another.
    """
    return SealedReader(io.BytesIO(kept), key).read()


def new_recovery_codes() -> list[str]:
    """Codes of 80 bits that count once each: `ABCD-EFGH-IJKL-MNOP`."""
    texts = (base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode("ascii") for _ in range(RECOVERY_CODES))
    return ["-".join(text[n : n + 4] for n in range(0, len(text), 4)) for text in texts]


def recovery_digest(code: str) -> bytes:
    """What the store keeps of a recovery code; case, dashes and spaces count for nothing."""
    return hashlib.sha256("".join(code.upper().split()).replace("-", "").encode("utf-8", "replace")).digest()
