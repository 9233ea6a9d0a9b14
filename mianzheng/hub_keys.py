"""The hub's own keys, opened with the passphrase that its secrets hold."""

from datetime import datetime

from certificates.keys import KeyRing
from registries.home import HubHome


def open_keys(home: HubHome, now: datetime) -> KeyRing:
    """The key ring of a hub; made on first use."""
    return KeyRing.open(home.keys, home.secret_or_new("key_passphrase"), now=now)
