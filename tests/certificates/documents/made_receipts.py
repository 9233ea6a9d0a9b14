"""A hub's receipt with its proof and keys, made without a hub, and the documents that are made of it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.documents.case_package import Case, draft_package
from certificates.documents.drawing import A4, Paper
from certificates.documents.making import Evidence, draft_copy
from certificates.documents.marks import Mark
from certificates.evidence.given import Given
from certificates.keys import KeyPurpose, KeyRing
from certificates.merkle import leaf_hash, new_nodes, root
from certificates.receipts import compose, draft_receipt, sign

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
FINGERPRINT = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"
MARK = Mark.parse("办理食品经营许可", "申请材料留存", "民政局 林小明", date(2026, 4, 1), today=date(2026, 3, 2))
VERIFICATION: dict[str, Any] = {
    "code": "valid",
    "zh": "证照有效。",
    "en": "The certificate is valid.",
    "next": {"zh": "可以办理，无需提交纸质证照；回执归档。", "en": "Proceed; no paper is needed."},
    "lines": [
        {"check": "holder", "outcome": "pass", "zh": "持证主体名称和代码相符。", "en": "Name and code match."},
        {"check": "quality", "outcome": "warn", "zh": "数据集质量 98.1%。", "en": "Quality of the dataset: 98.1%."},
    ],
    "certificate": {
        "type": "11100000MB0143028R001",
        "number": "S051520243060073",
        "issuing_authority": "汕头市市场监督管理局",
        "issued_on": "2020-01-02",
        "valid_from": "2020-01-02",
        "valid_until": None,
        "long_term": True,
        "holders": [{"name": "汕头市\U00020bb7野家<&>有限公司", "role": "", "asked": True}],
        "objects": [],
    },
    "asked": {
        "certificate_type": "11100000MB0143028R001",
        "purpose": "行政许可审批",
        "service_item": "食品经营许可新办",
        "case": "ST-2026-0001",
        "as_of": "2026-03-02",
        "department": "civil_affairs",
    },
}


@dataclass(frozen=True)
class MadeHub:
    """The keys of a hub that answered."""

    ring: KeyRing

    @property
    def given(self) -> Given:
        """What an auditor verifies with, on the day of the receipt."""
        return Given(self.ring.jwks(), at=NOW)

    def evidence(self, verification: Mapping[str, Any] = VERIFICATION, jti: str = "0123456789abcdef") -> Evidence:
        """A receipt, logged as the third of three entries."""
        key = self.ring.active(KeyPurpose.RECEIPT)
        content = compose(
            issuer="https://hub.example",
            audience="client-1",
            issued_at=int(NOW.timestamp()),
            jti=jti,
            request_digest=bytes(32),
            salt=bytes(16),
            data_as_of=NOW,
            answer=verification,
        )
        draft = draft_receipt(content, key)
        leaves = [leaf_hash(b"0"), leaf_hash(b"1"), leaf_hash(draft.leaf_data)]
        nodes = {(level, index): value for level, index, value in new_nodes(0, leaves, lambda *_: b"")}
        head = Checkpoint("hub.example/ledger", 3, root(3, lambda *place: nodes[place]))
        note = sign_checkpoint(head, self.ring.active(KeyPurpose.CHECKPOINT))
        proof = prove(2, head, note, lambda *place: nodes[place]).text()
        return Evidence(sign(draft.signing_input, key), proof, FINGERPRINT, "营业执照")

    def copy(self, kind: str, evidence: Evidence, mark: Mark = MARK, paper: Paper = A4) -> bytes:
        """A marked copy."""
        key = self.ring.active(KeyPurpose.DOCUMENT)
        made_at = int(NOW.timestamp())
        return draft_copy(evidence, kind, mark, made_at=made_at, jti="c" * 32, key=key, paper=paper).signed(key)

    def package(self, *receipts: Evidence) -> bytes:
        """The archive package of their case."""
        key = self.ring.active(KeyPurpose.DOCUMENT)
        note = receipts[0].proof.partition("\n\n")[2] if receipts else ""
        case = Case("ST-2026-0001", "https://hub.example", FINGERPRINT, self.ring.jwks(), note, int(NOW.timestamp()))
        return draft_package(case, receipts, jti=secrets.token_hex(16), key=key).signed(key)


def parsed(content: bytes) -> ET.Element:
    """An XML file that was made here."""
    return ET.fromstring(content)  # noqa: S314 - our own


def make_hub(folder: Path) -> MadeHub:
    """New keys in this folder."""
    return MadeHub(KeyRing.open(folder, "passphrase", now=NOW))
