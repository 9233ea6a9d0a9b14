"""A sandbox over real HTTP on a free port, with a registered client; no database."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from certificates.jose import ES256, Key, new_key
from certificates.keys import KeyRing
from certificates.types import load_types
from exchange_api.sandbox.answering import Sandbox
from exchange_api.sandbox.application import create_sandbox
from tests.exchange_api.conftest import listening, running


@dataclass(frozen=True)
class ServedSandbox:
    """A running sandbox and the key of its client `approval-1`."""

    url: str
    key: Key
    sandbox: Sandbox
    client_id: str = "approval-1"


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def serving_sandbox(folder: Path, clock: Callable[[], datetime] = now, port: int = 0) -> Iterator[ServedSandbox]:
    ring = KeyRing.open(folder, secrets.token_urlsafe(32), now=clock())
    with listening(port) as (bound, url):
        sandbox = Sandbox(url, ring, clock, load_types())
        key = new_key(ES256)
        sandbox.register("approval-1", key.to_jwk())
        with running(create_sandbox(sandbox), bound):
            yield ServedSandbox(url, key, sandbox)
