"""The command ``python -m certificates``: one file, the keys, a report; exit status 0 if it holds, 1 if not.

Example:
    $ python -m certificates verify-receipt receipt.jws --keys keys.jwks --proof receipt.tlog-proof
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from certificates.errors import CertificatesError
from certificates.evidence.bundles import with_bundle
from certificates.evidence.findings import Report
from certificates.evidence.given import Given
from certificates.evidence.log_folders import examine_folder
from certificates.evidence.page import page
from certificates.evidence.reading import MOST_TEXT, read_bytes, read_json, read_text, read_token
from certificates.evidence.times import read_time
from certificates.offline import examine, judge_with, unusable

GENUINE: Final = 0
REFUSED: Final = 1
"""Not genuine, or not to be verified with these files and arguments; the JSON's ``usable`` tells which."""


@dataclass(frozen=True)
class Command:
    """One command: which kind of file it takes, what it is for, an example."""

    kind: str | None
    help: str
    example: str


COMMANDS: Final = {
    "verify": Command(
        None, "验证任何文件 / verify any file, recognised by its content", "verify FILE --keys keys.jwks"
    ),
    "verify-receipt": Command(
        "receipt", "验证回执 / a receipt", "verify-receipt receipt.jws --keys keys.jwks --proof receipt.tlog-proof"
    ),
    "jws": Command("jws", "验证签名 / any JWS of the hub", "jws token.jws --keys keys.jwks --typ hub-receipt+jwt"),
    "code": Command(
        "code", "验证离线码：文本、图片、PDF / an offline code: text, picture, PDF", "code photo.jpg --keys keys.jwks"
    ),
    "credential": Command(
        "credential",
        "验证凭证 / a credential (SD-JWT VC)",
        "credential shown.txt --keys keys.jwks --status-list list.jwt",
    ),
    "delivery": Command(
        "delivery",
        "验证投递回执 / the receipt of a delivered file, from a drop folder",
        "delivery shops_1.csv.receipt.json --keys keys.jwks",
    ),
    "bundle": Command("bundle", "验证离线包 / an offline bundle", "bundle bundle.json --root 'A1B2 C3D4 ...'"),
    "status": Command("status", "验证状态列表 / a status list", "status list.jwt --keys keys.jwks --index 7"),
    "keys": Command("keys", "验证公钥文件 / a key set", "keys keys.jwks --root 'A1B2 C3D4 ...'"),
    "note": Command("note", "验证检查点 / a checkpoint", "note checkpoint --keys keys.jwks"),
    "proof": Command(
        "proof", "验证存证证明 / a proof of logging", "proof receipt.tlog-proof --keys keys.jwks --receipt receipt.jws"
    ),
    "document": Command(
        "document", "验证文档、加注件：PDF、OFD / a document or marked copy", "document copy.pdf --keys keys.jwks"
    ),
    "package": Command(
        "package", "验证办件归档包 / the archive package of a case", "package case.zip --keys keys.jwks"
    ),
    "log-fsck": Command(
        "log-fsck", "重算镜像的日志 / replay a mirrored ledger, a folder", "log-fsck ledger/ --keys keys.jwks"
    ),
}


class _Parser(argparse.ArgumentParser):
    """Exit status 1 for wrong arguments: a script must not take them for something verified, nor for a third answer."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(REFUSED, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None, *, now: datetime | None = None) -> int:
    """Run one command.

    Args:
        arguments: As on the command line.
        now: The moment to judge by where ``--at`` gives none.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.keys is None and options.bundle is None and options.command.kind not in {"keys", "bundle"}:
        parser.error("--keys 或 --bundle 必有其一 / --keys or --bundle is needed")
    command: Command = options.command
    try:
        report = _examine(command.kind, options.file, _given(options, now))
    except CertificatesError as error:
        report = unusable(command.kind or "", error)
    _write(_as_json(report) if options.json else page(report))
    return GENUINE if (report.settled if options.strict else report.genuine) else REFUSED


def _examine(kind: str | None, file: Path, given: Given) -> Report:
    if kind == "log-fsck" or (kind is None and file.is_dir()):
        return judge_with("log-fsck", given, lambda: examine_folder(file, given))
    return examine(kind, read_bytes(file), given, file.name)


def _as_json(report: Report) -> str:
    """JSON stays JSON on every terminal: where not all of Unicode can be shown, its own escapes are used."""
    unicode = (sys.stdout.encoding or "ascii").lower().replace("-", "") in {"utf8", "gb18030"}
    return json.dumps(report.to_json(), ensure_ascii=not unicode, indent=2)


def _write(text: str) -> None:
    """Whatever the terminal's encoding: what it can't show is escaped."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _given(options: argparse.Namespace, now: datetime | None) -> Given:
    given = _files_given(options, now)
    return given if options.bundle is None else with_bundle(given, read_bytes(options.bundle))


def _files_given(options: argparse.Namespace, now: datetime | None) -> Given:
    return Given(
        {} if options.keys is None else read_json(options.keys),
        at=options.at or now,
        proof=None if options.proof is None else read_text(options.proof),
        receipt=None if options.receipt is None else read_token(options.receipt),
        root=options.root,
        typ=options.typ,
        status_list=None if options.status_list is None else read_token(options.status_list),
        index=options.index,
        uri=options.uri,
        audience=options.audience,
        nonce=options.nonce,
        time_stamp=None if options.time_stamp is None else read_bytes(options.time_stamp, MOST_TEXT),
        anchors=None if options.anchors is None else read_bytes(options.anchors, MOST_TEXT),
        witnesses=tuple(options.witness),
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m certificates",
        description="核验件（非电子证照原件）离线验证 / verify offline what left the hub. "
        "退出码 / exit status: 0 通过 / genuine, 1 未通过或无法验证 / refused or unusable.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for name, command in COMMANDS.items():
        epilog = f"example: python -m certificates {command.example}"
        added = commands.add_parser(name, help=command.help, description=command.help, epilog=epilog)
        added.set_defaults(command=command)
        _add_options(added)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="所验文件 / the file")
    parser.add_argument("--keys", metavar="JWKS", type=Path, help="平台公钥 / the hub's published keys")
    parser.add_argument("--bundle", metavar="FILE", type=Path, help="离线包 / keys and status lists from a bundle")
    parser.add_argument("--at", metavar="TIME", type=read_time, help="核对时刻 / judge as at this moment (ISO 8601)")
    parser.add_argument(
        "--proof", metavar="FILE", type=Path, help="存证证明 / proof of a receipt's logging (tlog-proof)"
    )
    parser.add_argument("--receipt", metavar="FILE", type=Path, help="证明所指回执 / the receipt that a proof is about")
    parser.add_argument("--root", metavar="FINGERPRINT", help="信任根指纹 / the trust root's fingerprint, as printed")
    parser.add_argument("--typ", help="JWS 类型 / the typ that a JWS must have")
    parser.add_argument("--status-list", metavar="FILE", type=Path, help="状态列表 / the status list of a credential")
    parser.add_argument("--index", metavar="N", type=int, help="状态列表中的位置 / the place in a status list")
    parser.add_argument("--uri", help="状态列表地址 / the address that a status list must be of")
    parser.add_argument("--audience", help="凭证出示对象 / for whom a credential's holder must have signed")
    parser.add_argument("--nonce", help="凭证出示随机数 / what a credential's holder must have signed over")
    parser.add_argument(
        "--time-stamp", metavar="FILE", type=Path, help="检查点的时间戳 / RFC 3161 token, if not in the proof"
    )
    parser.add_argument("--anchors", metavar="PEM", type=Path, help="时间戳机构证书 / certificates of time authorities")
    parser.add_argument(
        "--witness", metavar="VKEY", action="append", default=[], help="见证方公钥 / who must have cosigned"
    )
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    parser.add_argument(
        "--strict", action="store_true", help="有不能确认之处也算未通过 / exit 1 if anything stays open, too"
    )
