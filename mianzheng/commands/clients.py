"""Commands about client systems: client list, suspend, resume, revoke, revoke-key; and prove, for their own side."""

from pathlib import Path
from typing import Annotated

import typer

from certificates.client_keys import read_client_key
from certificates.key_proofs import make_key_proof
from exchange_api.people.clients import PAGE
from mianzheng.people import OPERATOR, managing
from mianzheng.settings import Settings
from mianzheng.terminal import Json, as_text, clock, console, explained, hub_home, print_json

app = typer.Typer(help="系统客户端 / client systems.", no_args_is_help=True, rich_markup_mode=None)
ClientId = Annotated[str, typer.Argument(help="客户端编号 / client id")]


@app.command("list")
def list_clients(as_json: Json = False) -> None:
    """列出系统客户端、公钥和最近使用 / list clients, their keys, and when each was used last.

    Example: `mianzheng client list --json`
    """
    found, after = [], ""
    with explained(), managing(hub_home(), clock) as (_, clients):
        while page := clients.page(OPERATOR, after):
            found += page
            after = page[-1].id
            if len(page) < PAGE:
                break
    if as_json:
        print_json(found)
        return
    for one in found:
        used = one.last_used_at.isoformat(timespec="minutes") if one.last_used_at else "—"
        keys = sum(key.state == "active" for key in one.keys)
        console.print(f"{one.id:<32} {one.department:<22} {one.state:<10} {keys} keys  {used}", markup=False)


@app.command()
def suspend(client: ClientId, as_json: Json = False) -> None:
    """暂停 / let a client ask no more, until `resume`.

    Example: `mianzheng client suspend approval-1`
    """
    with explained(), managing(hub_home(), clock) as (_, clients):
        clients.suspend(OPERATOR, client)
    _done(client, "suspended", as_json=as_json)


@app.command()
def resume(client: ClientId, as_json: Json = False) -> None:
    """恢复 / let a suspended client ask again.

    Example: `mianzheng client resume approval-1`
    """
    with explained(), managing(hub_home(), clock) as (_, clients):
        clients.resume(OPERATOR, client)
    _done(client, "active", as_json=as_json)


@app.command()
def revoke(client: ClientId, as_json: Json = False) -> None:
    """注销,不可恢复 / revoke a client and all its keys, for good.

    Example: `mianzheng client revoke approval-1`
    """
    with explained(), managing(hub_home(), clock) as (_, clients):
        clients.revoke(OPERATOR, client)
    _done(client, "revoked", as_json=as_json)


@app.command("revoke-key")
def revoke_key(
    client: ClientId,
    thumbprint: Annotated[str, typer.Argument(help="公钥指纹 / the key's thumbprint (kid)")],
    as_json: Json = False,
) -> None:
    """停用一个公钥 / revoke one key.

    Example: `mianzheng client revoke-key approval-1 Xk3…`
    """
    with explained(), managing(hub_home(), clock) as (_, clients):
        clients.revoke_key(OPERATOR, client, thumbprint)
    _done(client, "key revoked", as_json=as_json)


@app.command()
def prove(
    client: ClientId,
    key: Annotated[Path, typer.Option(help="私钥 PEM / the private key", exists=True)],
    challenge: Annotated[str, typer.Option(help="页面上的质询 / the challenge on the page")],
    hub: Annotated[str | None, typer.Option(help="枢纽地址 / address of the hub")] = None,
    as_json: Json = False,
) -> None:
    """用新密钥签名质询,输出公钥和持有证明 / sign a challenge with a new key; prints public key and proof.

    It runs where the client's system runs, and sends nothing anywhere.

    Example: `mianzheng client prove approval-1 --key key.pem --hub https://hub.example --challenge …`
    """
    with explained():
        private = read_client_key(key.read_bytes())
        audience = (hub or Settings().address()).rstrip("/")
        proof = make_key_proof(challenge, private, client=client, audience=audience, now=clock())
    if as_json:
        print_json({"jwk": private.to_jwk(), "proof": proof})
        return
    console.print("公钥 public key (JWK):", markup=False)
    typer.echo(as_text(private.to_jwk()))
    console.print("持有证明 proof of possession (JWS):", markup=False)
    typer.echo(proof)


def _done(client: str, state: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"client": client, "state": state})
    else:
        console.print(f"{client}: {state}", markup=False)
