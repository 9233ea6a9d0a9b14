"""The pages of a receipt: the verdict, the certificate, what was asked, every check, the evidence, the offline code.

Pages are a function of ``Sheet`` alone, so that a verifier can draw them again and compare.

Example:
    >>> parameters = b'{"codes": [], "fingerprint": "", "paper": "A5", "type_name": "", "version": 1}'
    >>> Sheet.read(parameters, "a.b.c", "").paper.name
    'A5'
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from certificates import compact
from certificates.checkpoints import BadProof, parse_proof
from certificates.china_time import CHINA
from certificates.documents import words
from certificates.documents.drawing import A5, PAPERS, POINT, Box, Page, Paper, Text
from certificates.documents.errors import BadDocument, DocumentsMissing
from certificates.documents.flow import Flow
from certificates.documents.marks import Mark
from certificates.documents.typeface import Typeface
from certificates.offline_code import BadCode, OfflineCode, join
from certificates.receipts import answer_of, leaf_data

VERSION: Final = 1
"""Of the layout; a file of another version can't be drawn again here, and is not called changed for that."""

_MEMBERS: Final = frozenset({"codes", "fingerprint", "paper", "type_name", "version"})
_GREY: Final = (90, 90, 90)
_FAINT: Final = (222, 222, 222)
_TINT: Final = (240, 240, 240)


@dataclass(frozen=True)
class Sheet:
    """Everything that the pages are made of.

    Attributes:
        codes: The lines of the receipt's offline code, one QR code each.
        fingerprint: Of the trust root, in groups; "" if there is none.
        type_name: What the certificate's type is called.
        mark: What a marked copy is for; None for a plain document.
        version: Of the layout.
    """

    token: str
    proof: str
    codes: tuple[str, ...]
    fingerprint: str
    type_name: str
    paper: Paper
    mark: Mark | None = None
    version: int = VERSION

    def parameters(self) -> bytes:
        """What the file keeps beside receipt, proof and mark, so that its pages can be drawn again."""
        members = {
            "codes": list(self.codes),
            "fingerprint": self.fingerprint,
            "paper": self.paper.name,
            "type_name": self.type_name,
            "version": self.version,
        }
        return json.dumps(members, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def read(cls, parameters: bytes, token: str, proof: str, mark: Mark | None = None) -> "Sheet":
        """What ``parameters`` gave, with the rest.

        Raises:
            BadDocument: It is of another form, or its code is not this receipt's.
        """
        try:
            found = compact.parse_object(parameters)
        except compact.NotCompact:
            raise BadDocument("sheet") from None
        if found.keys() != _MEMBERS or type(found["version"]) is not int or found["paper"] not in PAPERS:
            raise BadDocument("sheet")
        codes = found["codes"]
        texts = isinstance(codes, list) and all(isinstance(one, str) for one in codes)
        if not texts or not isinstance(found["fingerprint"], str) or not isinstance(found["type_name"], str):
            raise BadDocument("sheet")
        _check_codes(codes, token, proof)
        paper = PAPERS[found["paper"]]
        return cls(token, proof, tuple(codes), found["fingerprint"], found["type_name"], paper, mark, found["version"])


def _check_codes(codes: Sequence[str], token: str, proof: str) -> None:
    try:
        if codes and join(codes) != [OfflineCode(token, proof)]:
            raise BadDocument("code")
    except BadCode:
        raise BadDocument("code") from None


def draw(sheet: Sheet, face: Typeface) -> list[Page]:
    """The pages. Raises DocumentsMissing without segno."""
    small = sheet.paper == A5
    scale = 0.78 if small else 0.9
    flow = Flow(sheet.paper, face, margin=10.0 if small else 15.0, top=17.0 if small else 22.0)
    parsed = compact.parse(sheet.token)
    _, verification = answer_of(parsed.payload)
    _title(flow, verification, scale)
    _mark(flow, sheet.mark, scale)
    _members(flow, words.CERTIFICATE, _certificate(verification.get("certificate"), sheet.type_name), scale)
    _members(flow, words.ASKED, _asked(verification.get("asked"), sheet.type_name), scale)
    _checks(flow, verification.get("lines") or (), scale)
    _members(flow, words.EVIDENCE, _evidence(parsed, sheet), scale)
    _codes(flow, sheet.codes, scale)
    for number, page in enumerate(flow.pages, start=1):
        _frame(page, flow, parsed.payload, (number, len(flow.pages)), sheet.mark)
    return flow.pages


def _title(flow: Flow, verification: Mapping[str, Any], scale: float) -> None:
    flow.paragraph(f"{words.TITLE[0]}  {words.TITLE[1]}", 15 * scale, bold=True)
    flow.space(1.5)
    zh, en = words.VERDICTS.get(verification["code"], (verification["code"], ""))
    top, page = flow.y, flow.pages[-1]
    place = len(page.items)
    flow.space(1.6)
    flow.paragraph(f"{zh}  {en}", 17 * scale, bold=True, indent=3)
    flow.paragraph(f"{verification['zh']} {verification['en']}", 10 * scale, indent=3)
    following = verification["next"]
    flow.paragraph(f"下一步 Next：{following['zh']} {following['en']}", 9 * scale, indent=3)
    flow.space(1.2)
    page.items[place:place] = [
        Box(flow.margin, top, flow.width, flow.y - top, _TINT),
        Box(flow.margin, top, 1.2, flow.y - top),
    ]
    flow.space(2.0)


def _mark(flow: Flow, mark: Mark | None, scale: float) -> None:
    if mark is not None:
        values = {**mark.to_json(), "expires_on": f"{mark.expires_on}（含当日 inclusive）"}
        _members(flow, words.MARK, [(label, values[name]) for name, label in words.MARK_ROWS.items()], scale)


def _members(flow: Flow, title: tuple[str, str], rows: Sequence[tuple[str, str]], scale: float) -> None:
    if not rows:
        return
    flow.heading(f"{title[0]}  {title[1]}", 10.5 * scale, below=6)
    label = 44.0 * scale
    for name, value in rows:
        flow.row(((label, name), (flow.width - label, value or words.NOTHING)), 9 * scale)
    flow.space(1.6)


def _certificate(found: Mapping[str, Any] | None, type_name: str) -> list[tuple[str, str]]:
    if not isinstance(found, Mapping):
        return []
    values = {name: str(found.get(name) or "") for name in words.CERTIFICATE_ROWS}
    values["type"] = f"{type_name} {values['type']}".strip()
    values["valid_until"] = "长期 long term" if found.get("long_term") else values["valid_until"]
    values["holders"] = "；".join(_entry(one, "name") for one in found.get("holders") or ())
    values["objects"] = "；".join(_entry(one, "number", "name") for one in found.get("objects") or ())
    return [(label, values[name]) for name, label in words.CERTIFICATE_ROWS.items() if values[name]]


def _entry(member: str | Mapping[str, Any], *names: str) -> str:
    if isinstance(member, str):  # receipts made before there were roles hold names alone
        return member
    told = " ".join(str(member[name]) for name in names if member.get(name))
    role = f"（{member['role']}）" if member.get("role") else ""
    return f"{told}{role}" + ("（所问 asked for）" if member.get("asked") and member.get("role") else "")


def _asked(found: Mapping[str, str] | None, type_name: str) -> list[tuple[str, str]]:
    values = dict(found or {})
    if "certificate_type" in values:
        values["certificate_type"] = f"{type_name} {values['certificate_type']}".strip()
    return [(label, values[name]) for name, label in words.ASKED_ROWS.items() if values.get(name)]


def _checks(flow: Flow, lines: Sequence[Mapping[str, str]], scale: float) -> None:
    if not lines:
        return
    flow.heading("  ".join(words.CHECKS), 10.5 * scale, below=6)
    label = 30.0 * scale
    for line in lines:
        outcome = words.OUTCOMES.get(line["outcome"], line["outcome"])
        flow.row(((label, outcome), (flow.width - label, f"{line['zh']} {line['en']}")), 9 * scale)
    flow.space(1.6)


def _evidence(parsed: compact.Compact, sheet: Sheet) -> list[tuple[str, str]]:
    payload = parsed.payload
    as_of = payload["data_as_of"]
    return [
        ("回执编号 Receipt id", payload["jti"]),
        ("出具时间 Made at", _moment(payload["iat"])),
        ("数据截至 Data as of", words.NOTHING if as_of is None else _moment(as_of)),
        ("签发 Issuer", payload["iss"]),
        ("密钥 Key", parsed.header["kid"]),
        ("存证序号 Ledger index", _index(sheet.proof)),
        ("存证叶值 Ledger leaf", leaf_data(parsed.signing_input).hex()),
        ("信任根指纹 Trust root", sheet.fingerprint),
    ]


def _index(proof: str) -> str:
    try:
        return str(parse_proof(proof).index)
    except BadProof:
        return words.NOTHING


def _codes(flow: Flow, codes: Sequence[str], scale: float) -> None:
    if not codes:
        return
    side, gap = (35.0, 5.0) if flow.paper == A5 else (38.0, 5.0)
    flow.heading("  ".join(words.CODES), 10.5 * scale, below=side + gap)
    flow.space(1.2)
    flow.codes([_modules(line) for line in codes], side, gap)
    for text in words.HOW.split("\n"):
        flow.paragraph(text, 7.5 * scale, colour=_GREY)


def _modules(line: str) -> tuple[tuple[bool, ...], ...]:
    try:
        import segno
    except ImportError:
        raise DocumentsMissing from None
    code = segno.make(line, error="m", micro=False, boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _frame(page: Page, flow: Flow, payload: Mapping[str, Any], place: tuple[int, int], mark: Mark | None) -> None:
    """Head and foot of a page, and under everything the mark of a copy."""
    own, page.items = page.items, []
    if mark is not None:
        _watermark(page, flow.face, mark)
    page.items += own
    size = 8.5 if page.paper == A5 else 10.0
    left, top = flow.margin, flow.margin
    head = words.HEAD[0]
    page.add(Text(left, top, size, head, bold=True))
    page.add(Text(left, top + 3.4, size * 0.7, words.HEAD[1], _GREY))
    host = flow.face.readable(urlsplit(payload["iss"]).netloc or payload["iss"])
    name = f"免证 Mianzheng · {host}"
    page.add(Text(page.width - left - flow.face.width(name, size * 0.8) * POINT, top, size * 0.8, name, _GREY))
    page.add(Box(left, top + 4.6, flow.width, 0.35))
    foot = f"{payload['jti']}  ·  {place[0]} / {place[1]}"
    page.add(Text(left, page.height - flow.margin + 2.0, size * 0.75, flow.face.readable(foot), _GREY))


def _watermark(page: Page, face: Typeface, mark: Mark) -> None:
    """Cause, purpose, maker and last day, all of it, again and again across the page."""
    texts = (f"核验加注件 仅用于：{mark.purpose}", f"事由：{mark.cause}", f"{mark.maker}  有效期至 {mark.expires_on}")
    lines = [face.readable(text) for text in texts]
    widest = max(face.width(line, 1.0) for line in lines)
    size = min(12.0, page.width * 0.8 / (widest * POINT))
    across, down = widest * size * POINT * 0.95 + 8.0, page.height / (4 if page.paper == A5 else 5)
    for number in range(int(page.height / down) + 2):
        for column in range(int(page.width / across) + 1):
            for place, line in enumerate(lines):
                x = 6.0 + column * across + place * size * POINT * 0.6
                y = down * (number + 0.5 - 0.4 * (column % 2)) + place * size * POINT * 1.3
                page.add(Text(x, y, size, line, _FAINT, angle=25.0))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, CHINA).strftime("%Y-%m-%d %H:%M:%S")
