"""SSH keys as people write them down: the host's, and the private one that the hub shows.

A host key is a line of ssh-keyscan or of known_hosts (`host ssh-ed25519 AAAA...`), the key alone
(`ssh-ed25519 AAAA...`), or its fingerprint (`SHA256:...`); several lines mean that each of them is right.

    >>> HostKeys("SHA256:abc", "health_sftp").types
    ()
"""

import base64
import binascii
import io
import struct
from typing import Final

import paramiko

from registries.connectors.place_faults import SecretUnusable

_HOST_KEY_FORM: Final = (
    "ssh-keyscan 的一行, ssh-ed25519 AAAA... 或 SHA256:... / a line of ssh-keyscan, or a fingerprint"
)
_KEY_FORM: Final = "无口令的 OpenSSH 或 PEM 私钥 / a private key in OpenSSH or PEM form, without a passphrase"
_KEY_TYPES: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_SIGNATURES: Final = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


class HostKeys:
    """The keys that a host may show. SecretUnusable for a line that is none."""

    def __init__(self, text: str, server: str) -> None:
        self._server = server
        self._fingerprints: set[str] = set()
        self._keys: set[bytes] = set()
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                self._add(line.split())
        if not self._fingerprints | self._keys:
            raise SecretUnusable(server, "host_key", _HOST_KEY_FORM)

    @property
    def types(self) -> tuple[str, ...]:
        """The signatures to ask the host for, so that it shows the key that is known; empty: any."""
        if self._fingerprints:
            return ()
        names = [_type_of(key) for key in sorted(self._keys)]
        return tuple(one for name in names for one in _SIGNATURES.get(name, (name,)))

    def know(self, key: paramiko.PKey) -> bool:
        """Whether the key that a host shows is one of them."""
        return key.asbytes() in self._keys or key.fingerprint.rstrip("=") in self._fingerprints

    def _add(self, words: list[str]) -> None:
        for word in words:
            if word.startswith("SHA256:"):
                self._fingerprints.add(word.rstrip("="))
                return
            if word.startswith("AAAA"):
                try:
                    key = base64.b64decode(word, validate=True)
                    _type_of(key)
                except (binascii.Error, struct.error, ValueError):
                    break
                self._keys.add(key)
                return
        raise SecretUnusable(self._server, "host_key", _HOST_KEY_FORM)


def _type_of(key: bytes) -> str:
    """A key's type stands first in it (RFC 4253, section 6.6)."""
    (length,) = struct.unpack(">I", key[:4])
    return key[4 : 4 + length].decode("ascii")


def private_key(pem: str, server: str) -> paramiko.PKey:
    """The key that the hub shows; SecretUnusable for anything else."""
    for kind in _KEY_TYPES:
        try:
            return kind.from_private_key(io.StringIO(f"{pem}\n"))
        except (paramiko.SSHException, ValueError, TypeError):
            continue
    raise SecretUnusable(server, "key", _KEY_FORM)
