"""Browsers in which somebody signed in before: what they are called, and how the hub knows them again.

A browser gets a cookie that only the hub can make, for one login. It opens nothing; it only gives its login a count of
failures of its own, so that whoever guesses elsewhere can't make its owner wait.

    >>> cookie = device_cookie(b"k" * 32, "zhang")
    >>> bool(known_device(b"k" * 32, "zhang", cookie)), bool(known_device(b"k" * 32, "li", cookie))
    (True, False)
    >>> label_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
    'Chrome · Windows'
"""

import hashlib
import hmac
import secrets

_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_cookie(key: bytes, login: str) -> str:
    """A cookie for a browser in which this login has signed in."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_mac(key, login, nonce)}"


def known_device(key: bytes, login: str, cookie: str) -> str:
    """The device's name for counting, if the hub made this cookie for this login; empty otherwise."""
    nonce, _, mac = cookie.partition(".")
    fits = hmac.compare_digest(_mac(key, login, nonce).encode(), mac.encode("utf-8", "replace"))
    return nonce if fits and nonce else ""


def label_of(user_agent: str) -> str:
    """Browser and system in a few words, for the list of one's sessions; no version, nothing else of the header."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


def _mac(key: bytes, login: str, nonce: str) -> str:
    told = f"mianzheng device\x1f{login}\x1f{nonce}".encode("utf-8", "surrogatepass")
    return hmac.new(key, told, hashlib.sha256).hexdigest()
