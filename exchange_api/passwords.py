"""Hashed passwords: Argon2id with the parameters of RFC 9106's second choice (64 MiB), checked a few at a time.

>>> kept = hash_password("correct horse battery staple")
>>> password_fits(kept, "correct horse battery staple"), password_fits(kept, "wrong"), password_fits(None, "wrong")
(True, False, False)
"""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

LONGEST = 1024
"""Characters; a longer password is refused unread, so that hashing costs what it should."""
_AT_A_TIME = threading.BoundedSemaphore(2)  # 64 MiB each: sign-ins must not eat the memory that answers need
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# What an unknown login is compared with, so that it costs what a known one costs; nobody knows its password
_NOBODYS = _hasher.hash(b"\0" * 32)


def hash_password(password: str) -> str:
    """The hash to keep, with its salt and parameters, in PHC string form."""
    return _hasher.hash(password)


def password_fits(kept: str | None, password: str) -> bool:
    """Whether the password fits the kept hash; takes as long when there is none (unknown login)."""
    if len(password) > LONGEST:
        return False
    with _AT_A_TIME:
        try:
            return _hasher.verify(kept or _NOBODYS, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
