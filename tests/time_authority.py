"""A real time authority for tests: `openssl ts` with certificates of its own, in a folder or behind HTTP on loopback.

authority = TimeAuthority.found(tmp_path)
token = authority.stamp(b"what existed")
with authority.serving() as url: ...
"""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from certificates.time_stamps import request_for, token_of

NONCE = 2**63 + 5
_CONFIG = """
[root]
basicConstraints = critical,CA:true
[stamps]
basicConstraints = critical,CA:false
extendedKeyUsage = {usage}
[ts]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/authority.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1,millisecs:500
ess_cert_id_alg = {named}
"""
KEYS = {
    "rsa": ("rsa:2048",),
    "p256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
}


@dataclass(frozen=True)
class TimeAuthority:
    """Its files: `root.pem` issued `authority.pem`."""

    folder: Path

    @classmethod
    def found(
        cls, folder: Path, kind: str = "p256", *, usage: str = "critical,timeStamping", named: str = "sha256"
    ) -> "TimeAuthority":
        """Make its keys and certificates."""
        folder.mkdir(parents=True, exist_ok=True)
        authority = cls(folder)
        digest = "sha384" if kind == "p384" else "sha256"
        text = _CONFIG.format(folder=folder, usage=usage, digest=digest, named=named)
        (folder / "openssl.cnf").write_text(text)
        (folder / "serial").write_text("01\n")
        key = ("-newkey", *KEYS[kind], "-nodes", "-config", "/dev/null")
        authority._run(
            *("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-days", "36500"),
            *("-addext", "basicConstraints=critical,CA:true"),
        )
        authority._run("req", "-new", *key, "-keyout", "authority.key", "-out", "request.pem", "-subj", "/CN=Clock")
        authority._run(
            *("x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"),
            *("-extfile", "openssl.cnf", "-extensions", "stamps", "-out", "authority.pem", "-days", "36500"),
        )
        return authority

    @property
    def root(self) -> bytes:
        """The certificate that issued the authority's, PEM."""
        return (self.folder / "root.pem").read_bytes()

    @property
    def certificate(self) -> bytes:
        """The authority's own, PEM."""
        return (self.folder / "authority.pem").read_bytes()

    def answer(self, request: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq."""
        (self.folder / "query").write_bytes(request)
        self._run(
            *("ts", "-reply", "-config", "openssl.cnf", "-section", "ts", "-queryfile", "query", "-out", "reply"),
        )
        return (self.folder / "reply").read_bytes()

    def stamp(self, data: bytes) -> bytes:
        """A token over these bytes, by the machine's clock."""
        return token_of(self.answer(request_for(hashlib.sha256(data).digest(), NONCE)))

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address on loopback."""
        lock = threading.Lock()
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    body = answer(request)
                self.send_response(200)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_address[1]}/"
            server.shutdown()
            thread.join()

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
