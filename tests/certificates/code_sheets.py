"""Sheets of paper with an offline code on them, as scanners and telephones see them."""

import io
import secrets
from collections.abc import Sequence

import segno
from PIL import Image

from certificates.checkpoints import Checkpoint, Proof, sign_checkpoint
from certificates.jose import ED25519, ES256, new_key
from certificates.receipts import compose, draft_receipt, sign

MM_PER_INCH = 25.4
SIDE_MM = 28
SUMMARY = {
    "asked": {"as_of": "2026-11-22", "case": "BJ-2026-000123", "department": "行政审批局", "purpose": "行政许可"},
    "certificate": {"holders": [{"asked": True, "name": "汕头市澄海区宏辉装修服务部", "role": "经营者"}]},
    "code": "valid",
    "zh": "证照有效。",
    "en": "The certificate is valid.",
    "next": {
        "zh": "可以办理，无需提交纸质证照；回执归档。",
        "en": "Proceed; no paper is needed. Keep the receipt on file.",
    },
    "lines": [
        {"check": "record", "outcome": "pass", "zh": "找到证照记录。", "en": "The record was found."},
        {"check": "status", "outcome": "pass", "zh": "状态：有效。", "en": "State: valid."},
    ],
}


def receipt_and_proof(entries: int = 1_000_000) -> tuple[str, str]:
    """A signed receipt, and a proof of the size that a ledger of so many entries gives."""
    key = new_key(ES256)
    payload = compose(
        issuer="http://127.0.0.1:8480",
        audience="demo-approval-system",
        issued_at=1_795_000_000,
        jti=secrets.token_hex(16),
        request_digest=secrets.token_bytes(32),
        salt=secrets.token_bytes(16),
        data_as_of=None,
        answer=SUMMARY,
    )
    note = sign_checkpoint(Checkpoint("127.0.0.1:8480/ledger", entries, secrets.token_bytes(32)), new_key(ED25519))
    path = tuple(secrets.token_bytes(32) for _ in range((entries - 1).bit_length()))
    return sign(draft_receipt(payload, key).signing_input, key), Proof(entries // 3, path, note).text()


def sheet(lines: Sequence[str], dpi: int, side_mm: float = SIDE_MM) -> Image.Image:
    """An A5 page with the codes side by side, four in a row."""

    def pixels(millimetres: float) -> int:
        return int(millimetres * dpi / MM_PER_INCH)

    page = Image.new("L", (pixels(148), pixels(210)), 255)
    for place, line in enumerate(lines):
        row, column = divmod(place, 4)
        page.paste(_code(line, pixels(side_mm)), (pixels(9 + column * 32), pixels(120 + row * 32)))
    return page


def _code(line: str, side: int) -> Image.Image:
    drawn = io.BytesIO()
    segno.make(line, error="m", micro=False).save(drawn, kind="png", scale=8, border=3)
    return Image.open(drawn).convert("L").resize((side, side), Image.Resampling.LANCZOS)


def saved(page: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    page.save(file, kind, **options)
    return file.getvalue()
