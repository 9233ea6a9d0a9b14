"""The hub's key ring, as its folder, its secrets and its environment say: passphrase, profile, and a module (PKCS#11).

    ring = open_keys(home, now)

HUB_PKCS11_MODULE, HUB_PKCS11_TOKEN and HUB_PKCS11_PIN (or the secrets `pkcs11_module`, `pkcs11_token`, `pkcs11_pin`)
name the module in which new keys are made; without them they are encrypted files.
"""

from datetime import datetime, timedelta

from certificates.hardware_keys import Pkcs11Keys
from certificates.key_states import PROFILES, KeyRules
from certificates.keys import KeyRing
from registries.errors import HomeError
from registries.home import HubHome


def open_keys(home: HubHome, now: datetime, profile: str = "") -> KeyRing:
    """The key ring of a hub; made on first use.

    Args:
        home: the hub's folder.
        now: when keys that are missing are made.
        profile: a name of `certificates.key_states.PROFILES`; empty keeps to the algorithms of the keys that are there.

    Raises:
        HomeError: a setting makes no sense, or the module is only half described.
        certificates.keys.KeysLocked, certificates.keys.KeysBroken, certificates.keys.ModuleMissing
        certificates.hardware_keys.ModuleDown, certificates.hardware_keys.ModuleNotInstalled
    """
    passphrase = home.secret_or_new("key_passphrase")
    return KeyRing.open(home.keys, passphrase, now=now, rules=_rules(home, profile), module=_module(home))


def _rules(home: HubHome, profile: str) -> KeyRules:
    algorithms = PROFILES[profile] if profile else None
    days = home.secret_or_none("key_days")
    if days is None:
        return KeyRules(algorithms)
    if not days.isdecimal() or int(days) == 0:
        raise HomeError(
            "HUB_KEY_DAYS 应为正整数：签名密钥使用多少天后应当更换", "HUB_KEY_DAYS is a number of days, 1 or more"
        )
    return KeyRules(algorithms, lifetime=timedelta(days=int(days)))


def _module(home: HubHome) -> Pkcs11Keys | None:
    told = [home.secret_or_none(f"pkcs11_{name}") for name in ("module", "token", "pin")]
    library, token, pin = told
    if library is not None and token is not None and pin is not None:
        return Pkcs11Keys(library, token, pin)
    if any(told):
        raise HomeError(
            "密码模块的设置不完整：HUB_PKCS11_MODULE、HUB_PKCS11_TOKEN、HUB_PKCS11_PIN 须一并给出",
            "HUB_PKCS11_MODULE, HUB_PKCS11_TOKEN and HUB_PKCS11_PIN are needed together",
        )
    return None
