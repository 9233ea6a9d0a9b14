"""A client's own system for tests: an HTTPS server on loopback with a certificate of a private authority.

with hooks("approval.test") as hook:
    hook.url, hook.authority         # https://approval.test:PORT/hub/events, the authority's PEM
    hook.behaviour = lambda came: Reply(500)
    hook.came                        # what was posted, in order
"""

import contextlib
import dataclasses
import datetime as dt
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclasses.dataclass(frozen=True)
class Came:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True)
class Reply:
    """What is answered; with `drip` seconds between the bytes, or nothing at all."""

    status: int = 204
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    drip: float = 0.0
    silent: bool = False


class Hook:
    """The system: what came, and how it answers."""

    def __init__(self, authority: str) -> None:
        self.came: list[Came] = []
        self.behaviour: Callable[[Came], Reply] = lambda _: Reply()
        self.authority = authority
        self.url = ""
        self.port = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        came = Came(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        self.came.append(came)
        reply = self.behaviour(came)
        if reply.silent:
            handler.close_connection = True
            return
        head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: 0\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        for byte in (head + "\r\n").encode():
            handler.wfile.write(bytes([byte]))
            if reply.drip:
                time.sleep(reply.drip)


@contextlib.contextmanager
def hooks(name: str = "approval.test") -> Iterator[Hook]:
    """Serve until the block ends."""
    authority, certificate, key = _certified(name)
    hook = Hook(authority)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with contextlib.suppress(OSError):  # who sent has gone away
                hook.answer(self)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A handshake that the client broke off."""

    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "chain.pem"
        chain.write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    hook.port = server.server_port
    hook.url = f"https://{name}:{hook.port}/hub/events?system=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certified(name: str) -> tuple[str, str, str]:
    """PEM of an authority, of a certificate for the name, and of its key."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = dt.datetime.now(dt.UTC)

    def made(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))

    authority = made(issuer, root.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    authority = authority.add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
    leaf = made(x509.Name([]), key.public_key())
    leaf = leaf.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
    of_root = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
    leaf = leaf.add_extension(of_root, critical=False)
    pems = [one.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM).decode() for one in (authority, leaf)]
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pems[0], pems[1], secret
