"""Commands about answers and their proofs: verify, receipt verify."""

import json
from pathlib import Path
from typing import Annotated

import typer

from certificates.evidence.page import page
from certificates.offline import verify_file
from mianzheng.asking import ask, demonstration_client
from mianzheng.settings import Settings
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.hub_keys import open_keys

app = typer.Typer(rich_markup_mode=None)
receipt_app = typer.Typer(help="回执 / receipts.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(receipt_app, name="receipt")


@app.command()
def verify(
    number: Annotated[str, typer.Argument(help="证照编号 / certificate number")],
    holder_name: Annotated[str, typer.Option(help="持证主体 / holder's name")],
    holder_code: Annotated[str, typer.Option(help="持证主体代码 / holder's code")],
    holder_code_type: Annotated[str, typer.Option(help="代码类型 / 001 USCC, 111 citizen number")] = "001",
    certificate_type: Annotated[str, typer.Option(help="证照类型代码 / type code")] = "11100000MB0143028R001",
    purpose: Annotated[str, typer.Option(help="用途 / purpose")] = "行政许可审批",
    service_item: Annotated[str, typer.Option(help="事项编码 / service item")] = "440500-demo-0001",
    case: Annotated[str, typer.Option(help="办件编号 / case")] = "demo-0001",
    out: Annotated[Path | None, typer.Option(help="把回执存到文件 / keep the receipt in this file")] = None,
    as_json: Json = False,
) -> None:
    """按编号核验证照 / verify a certificate by its number: a signed request, a signed receipt.

    Example: `mianzheng verify 44050020260001234 --holder-name … --holder-code 9144… --out receipt.jws`
    """
    question = {
        "certificate_type": certificate_type,
        "certificate_number": number,
        "holder_name": holder_name,
        "holder_code": holder_code,
        "holder_code_type": holder_code_type,
        "purpose": purpose,
        "service_item": service_item,
        "case": case,
    }
    with explained():
        answer = ask(Settings().address(), demonstration_client(hub_home(), clock()), question, clock())
    if out is not None:
        out.write_text(answer.receipt, encoding="ascii")
    if as_json:
        print_json(answer.body)
        return
    console.print(f"{answer.verdict['zh']}  {answer.verdict['en']}  ({answer.verdict['code']})")
    console.print(f"{answer.verdict['next']['zh']}  {answer.verdict['next']['en']}")


@receipt_app.command("verify")
def receipt_verify(
    file: Annotated[Path, typer.Argument(help="回执文件 / a receipt: one compact JWS")],
    keys: Annotated[
        Path | None, typer.Option(help="枢纽公钥 JWKS / the hub's public keys; this hub's own without it")
    ] = None,
    proof: Annotated[Path | None, typer.Option(help="存证证明 / a tlog-proof file")] = None,
    as_json: Json = False,
) -> None:
    """离线核验回执 / verify a receipt offline.

    Example: `mianzheng receipt verify receipt.jws --keys keys.jwks`
    """
    with explained():
        known = json.loads(keys.read_text(encoding="utf-8")) if keys else open_keys(hub_home(), clock()).jwks()
        report = verify_file(file, known, proof)
    if as_json:
        print_json(report.to_json())
    else:
        console.print(page(report), markup=False)
    raise typer.Exit(0 if report.genuine else 1)
