"""Private keys in a module (PKCS#11): made there, never to leave it; here arrive signatures. Needs the extra `hsm`.

The module is any library with the PKCS#11 interface (hardware, or SoftHSM for tests); its token is found by its label
and opened with a PIN. Keys for ES256 and Ed25519 are made sensitive and not extractable. SM2 has no standard mechanism
in PKCS#11: keys of the SM profile stay in files, and so do clients' own.

    module = Pkcs11Keys("/usr/lib/softhsm/libsofthsm2.so", token="hub", pin="1234")
    ring = KeyRing.open(folder, passphrase, now=now, module=module)

A lost session (the token was pulled out, the module restarted) is opened again once; then signing fails, readiness says
so, and what was written down is signed when the module is back.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certificates import der
from certificates.der import NotDer
from certificates.errors import CertificatesError
from certificates.jose import ED25519, ES256, Key, PublicKey, key_in_module
from certificates.key_states import KeyPurpose

if TYPE_CHECKING:
    from pkcs11 import Session

_CURVES: Final = {ES256: "secp256r1", ED25519: "1.3.101.112"}
_RAW_ED25519 = 32
_Result = TypeVar("_Result")


class ModuleNotInstalled(CertificatesError):
    """Raised when keys shall lie in a module and python-pkcs11 is not there."""

    def __init__(self) -> None:
        super().__init__(
            "使用密码模块（PKCS#11）需要安装 python-pkcs11：pip install python-pkcs11。",
            "Keys in a module (PKCS#11) need python-pkcs11 (the extra hsm): pip install python-pkcs11.",
        )


class ModuleDown(CertificatesError):
    """Raised when the module can't be opened, has no such token or key, or refuses to sign."""

    def __init__(self) -> None:
        super().__init__(
            "密码模块（PKCS#11）无法使用：模块、令牌、PIN 或密钥不符，或设备已断开。请检查 HUB_PKCS11_MODULE、"
            "HUB_PKCS11_TOKEN、HUB_PKCS11_PIN 和设备连接。",
            "The module (PKCS#11) cannot be used: module, token, PIN or key are wrong, or it is unplugged. Check "
            "HUB_PKCS11_MODULE, HUB_PKCS11_TOKEN, HUB_PKCS11_PIN, and that the device is connected.",
        )


@dataclass
class Pkcs11Keys:
    """The keys of one token; one session, used by one thread at a time.

    Attributes:
        library: Path of the module.
        token: The token's label.
    """

    library: str
    token: str
    pin: str = field(repr=False)
    _session: "Session | None" = field(default=None, repr=False)
    _privates: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def makes(self, purpose: KeyPurpose, alg: str) -> bool:
        """Every key of the hub's own whose algorithm the interface knows."""
        return alg in _CURVES and purpose != KeyPurpose.CLIENT

    def make(self, alg: str) -> tuple[str, Key]:
        """A new key and its label.

        Raises:
            ModuleNotInstalled: python-pkcs11 is missing.
            ModuleDown: The module does not make it.
        """
        label = f"mianzheng-{secrets.token_hex(8)}"
        return label, self._use(lambda session: self._key(_generated(session, label, alg), label, alg))

    def find(self, label: str, alg: str) -> Key:
        """The key of a label.

        Raises:
            ModuleNotInstalled: python-pkcs11 is missing.
            ModuleDown: There is none, or not one.
        """
        return self._use(lambda session: self._key(_found(session, label, public=True), label, alg))

    def signature(self, label: str, alg: str, data: bytes) -> bytes:
        """64 bytes over the data by the key of a label.

        Raises:
            ModuleDown: The module does not sign.
        """
        return self._use(lambda session: _signed(self._private(session, label), alg, data))

    def _private(self, session: "Session", label: str) -> Any:  # noqa: ANN401 - the library's objects have no common type
        if label not in self._privates:
            self._privates[label] = _found(session, label, public=False)
        return self._privates[label]

    def _key(self, public: Any, label: str, alg: str) -> Key:  # noqa: ANN401 - as above
        return key_in_module(_public_key(public, alg), _KeyInPkcs11(self, label, alg))

    def _use(self, work: "Callable[[Session], _Result]") -> _Result:
        """Do something in the session; where it was lost, once more in a new one."""
        try:
            from pkcs11.exceptions import PKCS11Error
        except ImportError:
            raise ModuleNotInstalled from None
        with self._lock:
            for _ in range(2):
                try:
                    return work(self._opened())
                except (PKCS11Error, RuntimeError, NotDer, ValueError):  # RuntimeError: the library does not load
                    self._session, self._privates = None, {}
        raise ModuleDown

    def _opened(self) -> "Session":
        if self._session is None:
            import pkcs11
            from pkcs11.exceptions import UserAlreadyLoggedIn

            token = pkcs11.lib(self.library).get_token(token_label=self.token)
            try:
                self._session = token.open(rw=True, user_pin=self.pin)
            except UserAlreadyLoggedIn:  # a process logs in once; its further sessions are logged in with it
                self._session = token.open(rw=True)
        return self._session


@dataclass(frozen=True)
class _KeyInPkcs11:
    """A private key by its label (``certificates.jwk.KeyInModule``)."""

    module: Pkcs11Keys = field(repr=False)
    label: str
    alg: str

    def sign_raw(self, data: bytes) -> bytes:
        """64 bytes over the data."""
        return self.module.signature(self.label, self.alg, data)


def _generated(session: "Session", label: str, alg: str) -> Any:  # noqa: ANN401 - as above
    from pkcs11 import Attribute, KeyType, Mechanism
    from pkcs11.util.ec import encode_named_curve_parameters

    edwards = alg == ED25519
    kind = KeyType.EC_EDWARDS if edwards else KeyType.EC
    mechanism = Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else Mechanism.EC_KEY_PAIR_GEN
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[alg])}
    parameters = session.create_domain_parameters(kind, curve, local=True)
    kept = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    public, _ = parameters.generate_keypair(store=True, label=label, mechanism=mechanism, private_template=kept)
    return public


def _found(session: "Session", label: str, *, public: bool) -> Any:  # noqa: ANN401 - as above
    from pkcs11 import Attribute, ObjectClass

    kind = ObjectClass.PUBLIC_KEY if public else ObjectClass.PRIVATE_KEY
    found = list(session.get_objects({Attribute.LABEL: label, Attribute.CLASS: kind}))
    if len(found) != 1:
        raise ModuleDown
    return found[0]


def _signed(private: Any, alg: str, data: bytes) -> bytes:  # noqa: ANN401 - as above
    from pkcs11 import Mechanism

    if alg == ED25519:
        return bytes(private.sign(data, mechanism=Mechanism.EDDSA))
    return bytes(private.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA))


def _public_key(public: Any, alg: str) -> PublicKey:  # noqa: ANN401 - as above
    """From CKA_EC_POINT: the point in an OCTET STRING, which some modules leave out."""
    from pkcs11 import Attribute

    point = bytes(public[Attribute.EC_POINT])
    if point[:1] == bytes((der.OCTETS,)) and len(point) != _RAW_ED25519 and point[1] == len(point) - 2:
        point = der.read(point).content
    if alg == ED25519:
        return Ed25519PublicKey.from_public_bytes(point)
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
