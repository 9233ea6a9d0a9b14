"""Hashed passwords: Argon2id with the parameters of RFC 9106's second choice (64 MiB), checked a few at a time.

>>> kept = hash_password("correct horse battery staple")
>>> password_fits(kept, "correct horse battery staple"), password_fits(kept, "wrong"), password_fits(None, "wrong")
(True, False, False)
>>> is_outdated(kept), is_strong("zhang-zhang-zhang", "zhang"), is_strong("门前大桥下游过一群鸭子数一数", "zhang")
(False, False, True)
"""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

LONGEST = 1024
"""Characters; a longer password is refused unread, so that hashing costs what it should."""
SHORTEST = 12
FEWEST_DIFFERENT = 5
_COMMON = ("password", "qwerty", "asdfgh", "123456", "admin", "letmein", "welcome", "iloveyou", "zaq12wsx", "abc123")
_GROUPS, _GROUP = 4, 5
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_AT_A_TIME = threading.BoundedSemaphore(2)  # 64 MiB each: sign-ins must not eat the memory that answers need
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# What an unknown login is compared with, so that it costs what a known one costs; nobody knows its password
_NOBODYS = _hasher.hash(b"\0" * 32)


def hash_password(password: str) -> str:
    """The hash to keep, with its salt and parameters, in PHC string form."""
    return _hasher.hash(password)


def password_fits(kept: str | None, password: str) -> bool:
    """Whether the password fits the kept hash; takes as long when there is none (unknown login, no password)."""
    if len(password) > LONGEST:
        return False
    with _AT_A_TIME:
        try:
            return _hasher.verify(kept or _NOBODYS, password) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than are used now: who signs in with it gets a new one."""
    try:
        return _hasher.check_needs_rehash(kept)
    except InvalidHashError:
        return True


def is_strong(password: str, login: str) -> bool:
    """Whether a password may be chosen: long, not of a few characters, not the login and nothing that everybody tries.

    No rules about kinds of characters (NIST SP 800-63B, 5.1.1.2): they make passwords that people write down.
    """
    plain = password.casefold()
    common = any(word in plain and len(plain) < len(word) + SHORTEST // 2 for word in _COMMON)
    named = login.casefold() in plain.replace(" ", "")
    lasting = SHORTEST <= len(password) <= LONGEST and len(set(plain)) >= FEWEST_DIFFERENT
    return lasting and not common and not named and password.isprintable()


def first_password() -> str:
    """A password for somebody's first sign-in: about 99 bits, easy to read out, changed at once."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
