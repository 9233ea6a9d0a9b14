"""A real identity provider on loopback: discovery, authorization, token and key endpoints, and faults on demand."""

import base64
import contextlib
import dataclasses
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "mianzheng", "between hub and provider"
Claims = dict[str, Any]


@dataclasses.dataclass
class IdentityProvider:
    """Signs whoever `subject` is in; `alter` changes the claims, `header` the token's header, before signing."""

    clock: Callable[[], datetime]
    url: str = ""
    subject: str = "subject-1"
    key: Any = dataclasses.field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    alter: Callable[[Claims], Claims] = dict
    header: Claims = dataclasses.field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    sign_with: Any = None
    metadata: Claims = dataclasses.field(default_factory=dict)
    codes: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)

    def described(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        } | self.metadata

    def authorize(self, query: dict[str, str]) -> str:
        """Sign the visitor in at once: the address to go back to."""
        assert query["response_type"] == "code"
        assert query["scope"] == "openid"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"], "iss": self.url})

    def token(self, body: dict[str, str], authorization: str) -> Claims | None:
        """The token for a code, used up by it; None for whatever does not hold."""
        asked = self.codes.pop(body.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}" or body["redirect_uri"] != asked["redirect_uri"]:
            return None
        if create_s256_code_challenge(body["code_verifier"]) != asked["code_challenge"]:
            return None
        now = int(self.clock().timestamp())
        claims = {"iss": self.url, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 60}
        told = self.alter(claims | {"nonce": asked["nonce"]})
        signed = jwt.encode(self.header, told, self.sign_with or self.key, algorithms=["RS256", "HS256"])
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": signed}

    def shared_secret(self) -> None:
        """Sign with what is public: the key's own text as a shared secret."""
        self.header = {"alg": "HS256", "kid": "one"}
        self.sign_with = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))


@contextlib.contextmanager
def provided(clock: Callable[[], datetime]) -> Iterator[IdentityProvider]:
    """The provider, served until the block ends."""
    provider = IdentityProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            keys = {"keys": [provider.key.as_dict(private=False)]}
            self.answer(keys if parts.path == "/jwks" else provider.described())

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            body = {name: values[0] for name, values in parse_qs(sent).items()}
            found = provider.token(body, self.headers.get("authorization", ""))
            self.answer(found or {"error": "invalid_grant"}, 200 if found else 400)

        def answer(self, content: Claims, status: int = 200) -> None:
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
