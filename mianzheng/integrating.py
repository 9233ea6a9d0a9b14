"""What integrators start: a sandbox, the agent beside a vendor's system, and the acceptance of a client.

run_sandbox(home, "127.0.0.1", 8490, clock)
run_agent(home, AgentSettings("https://hub.example", "hall-1", Path("hall.pem")), clock)
first_question(address)           # one that a sandbox answers with `valid`
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from certificates.client_keys import read_client_key
from certificates.jose import Key
from certificates.keys import KeyPurpose, KeyRing
from certificates.sealing import sealing_key
from certificates.types import load_types
from mianzheng.errors import MianzhengError
from registries.home import HubHome

SANDBOX_PORT: Final = 8490
AGENT_PORT: Final = 8491
DEMO_CLIENT: Final = "sandbox-client"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class AgentSettings:
    """What an agent needs to know.

    Attributes:
        key: its PEM file; without one the sandbox's own client is used.
        root: the fingerprint of the hub's trust root.
    """

    hub: str
    client: str
    key: Path | None = None
    root: str = ""
    sandbox: bool = False
    access_id: str = "agent"
    host: str = "127.0.0.1"
    port: int = AGENT_PORT


def run_sandbox(home: HubHome, host: str, port: int, clock: Callable[[], datetime]) -> None:
    """Serve a sandbox until SIGINT or SIGTERM; it knows its demonstration client from the start."""
    from exchange_api.sandbox.answering import Sandbox
    from exchange_api.sandbox.application import create_sandbox
    from exchange_api.server import ends_by_signal, make_server

    sandbox = Sandbox(f"http://{host}:{port}", _ring(home, "hub", clock), clock, load_types())
    sandbox.register(DEMO_CLIENT, sandbox_key(home, clock).to_jwk())
    with ends_by_signal():
        make_server(create_sandbox(sandbox), host, port).run()


def run_agent(home: HubHome, settings: AgentSettings, clock: Callable[[], datetime]) -> None:
    """Serve the agent on loopback until SIGINT or SIGTERM.

    Raises:
        MianzhengError: it is to listen where others could reach it.
        certificates.client_keys.NoClientKey: the key's file holds none.
    """
    from exchange_api.agent.application import create_agent
    from exchange_api.agent.desk import Desk
    from exchange_api.agent.queue import Queue
    from exchange_api.client import Client
    from exchange_api.server import ends_by_signal, make_server

    _check_loopback(settings.host)
    own = _agent_folder(home)
    key = client_key(settings.key) if settings.key is not None else sandbox_key(home, clock)
    queue = Queue(own / "queue", sealing_key(home.secret_or_new("agent_queue_key")))
    with Client(
        settings.hub, settings.client, key, root=settings.root, sandbox=settings.sandbox, clock=clock, tries=2
    ) as client:
        app = create_agent(Desk(client, queue, clock), settings.access_id, access_token(home))
        with ends_by_signal():
            make_server(app, settings.host, settings.port).run()


def access_token(home: HubHome) -> str:
    """What the vendor's system shows its agent; made once, kept in a file that its owner alone reads."""
    return home.secret_or_new("agent_access_token")


def access_token_place(home: HubHome) -> Path:
    """Where the vendor's system reads it."""
    return home.path / "secrets" / "agent_access_token"


def client_key(place: Path) -> Key:
    """A client's signing key from its own PEM file.

    Raises:
        MianzhengError: the file is missing, or others can read it.
        certificates.client_keys.NoClientKey: it holds no usable key.
    """
    try:
        content, mode = place.read_bytes(), place.stat().st_mode
    except OSError as error:
        raise MianzhengError(
            "客户端私钥文件无法读取。请用 --key 指定可读的 PEM 文件。",
            "The client's key file can't be read. Name a readable PEM file with --key.",
        ) from error
    if mode & 0o077:
        raise MianzhengError(
            "客户端私钥文件对他人可读。请先 chmod 600。",
            "Others can read the client's key file. chmod 600 it first.",
        )
    return read_client_key(content)


def sandbox_key(home: HubHome, clock: Callable[[], datetime]) -> Key:
    """The key of the sandbox's demonstration client."""
    return _ring(home, "client", clock).active(KeyPurpose.CLIENT)


def register_in_sandbox(address: str, client: str, key: Key) -> None:
    """Make a client known to a sandbox.

    Raises:
        MianzhengError: there is none, or it refuses.
    """
    _sandbox_call("POST", address + "/sandbox/clients", {"client_id": client, "jwk": key.to_jwk()})


def first_question(address: str) -> dict[str, str]:
    """A question that a sandbox answers with `valid`."""
    found = _sandbox_call("GET", address + "/sandbox/numbers", None)
    return {**found["tries"][0]["question"], "case": f"SBX-{secrets.token_hex(4).upper()}"}


def _sandbox_call(method: str, address: str, content: Mapping[str, Any] | None) -> dict[str, Any]:
    try:
        response = httpx.request(method, address, json=content, timeout=30, trust_env=False)
        found: dict[str, Any] = response.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise MianzhengError(
            "该地址没有沙箱。请先运行 mianzheng sandbox，或去掉 --sandbox。",
            "There is no sandbox at that address. Start one with mianzheng sandbox, or leave out --sandbox.",
        ) from error
    return found


def _ring(home: HubHome, name: str, clock: Callable[[], datetime]) -> KeyRing:
    home.prepare()
    folder = home.path / "sandbox" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return KeyRing.open(folder, home.secret_or_new("sandbox_passphrase"), now=clock())


def _agent_folder(home: HubHome) -> Path:
    home.prepare()
    folder = home.path / "agent"
    folder.mkdir(exist_ok=True, mode=0o700)
    os.chmod(folder, 0o700)  # noqa: PTH101 - one made earlier may be open
    return folder


def _check_loopback(host: str) -> None:
    if host not in _LOOPBACK:
        raise MianzhengError(
            "代理只在本机回环地址上监听。请去掉 --host，或用 127.0.0.1。",
            "The agent listens on loopback only. Leave out --host, or use 127.0.0.1.",
        )
