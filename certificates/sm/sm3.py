"""SM3 (GB/T 32905), from cryptography where its OpenSSL has it.

Example:
    >>> sm3(b"abc").hex()[:8]
    '66c7f0f4'
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

from certificates.errors import CertificatesError


class NoSm3(CertificatesError):
    """Raised when the installed cryptography was built without SM3."""

    def __init__(self) -> None:
        super().__init__(
            "本机的 cryptography 未带 SM3 算法。请安装 requirements/runtime.txt 中固定的版本（extra sm）。",
            "This cryptography was built without SM3. Install the one pinned in requirements/runtime.txt (extra sm).",
        )


def sm3(data: bytes) -> bytes:
    """32 bytes.

    Raises:
        NoSm3: This cryptography does not have it.
    """
    try:
        state = Hash(SM3())
    except UnsupportedAlgorithm:
        raise NoSm3 from None
    state.update(data)
    return state.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """HMAC (RFC 2104) with SM3, 32 bytes."""
    try:
        state = HMAC(key, SM3())
    except UnsupportedAlgorithm:
        raise NoSm3 from None
    state.update(data)
    return state.finalize()
