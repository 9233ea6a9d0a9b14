"""Commands about the hub's own keys: list, prepare, rotate, compromise, fingerprint."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from certificates.china_time import CHINA
from certificates.keys import KeyPurpose, KeyRing, KeyState
from certificates.trust_root import verify_key_set
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json, say
from registries.hub_keys import open_keys

app = typer.Typer(help="密钥 / keys.", no_args_is_help=True, rich_markup_mode=None)


Purpose = Annotated[KeyPurpose, typer.Argument(help="用途 / what the key is for")]


@contextmanager
def _ring() -> Iterator[KeyRing]:
    with explained():
        yield open_keys(hub_home(), clock())


@app.command("list")
def show(as_json: Json = False) -> None:
    """密钥、状态和期限 / keys, their states and when they are due."""
    with _ring() as ring:
        states, alarms = ring.states(), ring.alarms(clock())
    if as_json:
        print_json(states)
        return
    for state in states:
        console.print(_line(state))
    for alarm in alarms:
        console.print(f"! {alarm.zh}  {alarm.en}", markup=False)


@app.command()
def prepare(purpose: Purpose = KeyPurpose.RECEIPT, as_json: Json = False) -> None:
    """先公布下一把密钥,使用方有时间获取 / publish the next key before it signs, so that everybody may fetch it."""
    with _ring() as ring:
        kid = ring.prepare(purpose, clock()).kid
    _tell(as_json, purpose, kid, "已公布,轮换后开始签名", "published; it signs after mianzheng keys rotate")


@app.command()
def rotate(purpose: Purpose = KeyPurpose.RECEIPT, as_json: Json = False) -> None:
    """换用新密钥,旧密钥继续可验 / the prepared key signs from now on, or a new one; the old one goes on verifying."""
    with _ring() as ring:
        kid = ring.rotate(purpose, clock()).kid
    _tell(as_json, purpose, kid, "开始签名", "signs from now on")


@app.command()
def compromise(
    kid: Annotated[str, typer.Argument(help="密钥编号 / the key's id, from keys list")],
    since: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"],
            help="最早可能失密的时间 / the earliest moment at which somebody else may have had it",
        ),
    ],
    as_json: Json = False,
) -> None:
    """登记密钥失密,立即换用新密钥 / a key was stolen: another one signs at once.

    What it signed since then counts no more; what it signed before counts where a time stamp over the ledger shows it.

    Example: `mianzheng keys compromise ovHdS… --since 2026-11-20T08:00:00+08:00`
    """
    moment = since if since.tzinfo else since.replace(tzinfo=CHINA)
    with _ring() as ring:
        new = ring.compromise(kid, moment, clock())
        purpose = next(state.purpose for state in ring.states() if state.kid == new.kid)
    _tell(as_json, purpose, new.kid, "失密已公布,开始签名", "takes over; the theft is published")


@app.command()
def fingerprint(as_json: Json = False) -> None:
    """信任根指纹,印在回执上,供档案留存 / the trust root's fingerprint: on receipts, and for archives to keep."""
    with _ring() as ring:
        shown = ring.fingerprint()
        trusted = verify_key_set(ring.jwks(), shown)
    if as_json:
        print_json({"fingerprint": shown, "signed_at": datetime.fromtimestamp(trusted.made_at, UTC)})
    else:
        console.print(shown)


def _line(state: KeyState) -> str:
    due = "" if state.expires_at is None else f"→ {_day(state.expires_at)}"
    stolen = "" if state.compromised_since is None else f"  失密 stolen since {_day(state.compromised_since)}"
    where = "" if state.place == "file" else "  密码模块 module"
    return (
        f"{state.purpose:<14} {state.status:<11} {state.alg:<8} {_day(state.made_at)} {due:<12}  "
        f"{state.kid}{where}{stolen}"
    )


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _tell(as_json: bool, purpose: KeyPurpose, kid: str, zh: str, en: str) -> None:
    if as_json:
        print_json({"purpose": purpose.value, "kid": kid})
    else:
        say(f"{purpose.value} {kid} {zh}", en)
