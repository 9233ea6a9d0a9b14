"""A witness's own folder, HUB_HOME/witness: its name, its key (encrypted PEM), and its book of logs.

witness = open_witness(home, clock, "office.example/w1")      # the name counts the first time; it stays
"""

from collections.abc import Callable
from datetime import datetime

from certificates.cosignatures import verifier
from certificates.jose import ED25519, new_key
from certificates.key_files import from_pem, to_pem
from certificates.witness import WitnessKey
from exchange_api.witness_service import Witness
from mianzheng.errors import MianzhengError
from registries.home import HubHome
from registries.witness_book import WitnessBook

PASSPHRASE = "witness_passphrase"  # noqa: S105 -- the name of a secret
KEY = "witness_key.pem"
NAME = "witness_name"


class WitnessNamelessError(MianzhengError):
    """A witness that was never opened has no name yet, or is to get another than it has."""

    def __init__(self) -> None:
        """Say what a name is."""
        super().__init__(
            "请用 --name 给见证方起名,如 office.example/w1;名称和密钥一经使用不再更改",
            "give the witness its name with --name, such as office.example/w1; name and key never change afterwards",
        )


def open_witness(home: HubHome, clock: Callable[[], datetime], name: str | None = None) -> Witness:
    """The witness of a folder; made with its key the first time.

    Raises:
        WitnessNamelessError: it has no name yet and none is given, or another one is given.
    """
    home.prepare()
    known = home.secret_or_none(NAME)
    if (known is None and name is None) or (known is not None and name not in {None, known}):
        raise WitnessNamelessError
    own = _key(home, known or name or "")
    return Witness(own, WitnessBook(home.path / "witness"), clock)


def _key(home: HubHome, name: str) -> WitnessKey:
    passphrase = home.secret_or_new(PASSPHRASE).encode()
    kept = home.secret_or_none(KEY)
    if kept is not None:
        return WitnessKey(name, from_pem(kept.encode(), passphrase, ED25519))
    key = new_key(ED25519)
    verifier(name, key)  # no key with a name that no note can carry
    home.keep_secret(KEY, to_pem(key, passphrase).decode("ascii"))
    home.keep_secret(NAME, name)
    (home.path / "witness").mkdir(mode=0o700, exist_ok=True)
    return WitnessKey(name, key)
