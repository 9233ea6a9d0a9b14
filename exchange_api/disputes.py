"""Disputes after they were filed: their evidence, who has to answer them, and the answer that closes them.

    disputes.take_evidence(reference, digest, file)         # what was announced, sealed; nothing else
    for row in disputes.of_provider(session): row.dispute.due_on
    disputes.answer(session, reference, "corrected", "已更正，新数据将于明日送达")

A dispute belongs to two departments: who filed it, and the provider who answers. For all others it does not exist.
"""

import hashlib
import io
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from certificates.sealing import SealedReader, SealedWriter
from exchange_api.acts.dispute import LARGEST_EVIDENCE
from exchange_api.errors import ExchangeApiError, Kind, NotFound
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.landing import Landing
from registries.masking import mask_text
from registries.store import disputes
from registries.store.disputes import Dispute, Evidence, Outcome
from registries.store.engine import Store

ANSWER_WORDS: Final = {
    "corrected": ("数据有误，已更正或正在更正", "the data was wrong and is mended"),
    "confirmed": ("数据无误", "the data is right"),
    "not_ours": ("不属于本部门职责，已说明应向何处提出", "not this department's; where to turn is said"),
    "withdrawn": ("提出单位撤回", "withdrawn by who filed it"),
}
LONGEST_ANSWER: Final = 2000
_BLOCK: Final = 1 << 20


class DisputeError(ExchangeApiError):
    """The root of what can go wrong with disputes: raised only through its children."""


class NotAnnounced(DisputeError):
    """Raised when a file is sent that no open dispute announced, or that has come before."""

    kind: ClassVar[Kind | None] = Kind(
        "evidence-not-announced", HTTPStatus.NOT_FOUND, "证据未登记", "Evidence not announced"
    )

    def __init__(self) -> None:
        super().__init__(
            "没有登记这份证据，或已收到。请核对异议编号和文件摘要；新证据请另行提出异议",
            "no open dispute announced this file, or it has come; compare reference and digest, or file another one",
        )


class EvidenceDiffers(DisputeError):
    """Raised when a file is not the one that was announced."""

    kind: ClassVar[Kind | None] = Kind("evidence-differs", HTTPStatus.BAD_REQUEST, "证据与登记不符", "Evidence differs")

    def __init__(self) -> None:
        super().__init__(
            "收到的文件与登记的摘要不一致，未保留。请上传提出异议时的同一文件",
            "the file is not the one that was announced, and was not kept; send the very bytes whose digest you signed",
        )


class AnswerRefused(DisputeError):
    """Raised when an answer lacks its words, or is of a kind that there is not."""

    kind: ClassVar[Kind | None] = Kind(
        "dispute-answer-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "答复不完整", "Answer not complete"
    )

    def __init__(self) -> None:
        super().__init__(
            f"答复须选择结论并写明核查情况（不超过 {LONGEST_ANSWER} 字）。请补充后提交",
            f"an answer has an outcome and says what was found, in at most {LONGEST_ANSWER} characters; complete it",
        )


@dataclass(frozen=True)
class Told:
    """A dispute with its words, for the two departments that it belongs to.

    Attributes:
        number: of the certificate; `holder_code` is masked.
        answer: the provider's words; "" before.
    """

    dispute: Dispute
    number: str
    holder_name: str
    holder_code: str
    statement: str
    answer: str
    evidence: tuple[Evidence, ...]


class Disputes:
    """What happens to disputes once they were filed.

    Args:
        store_api: takes evidence.
        store_page: shows disputes and closes them.
        landing: keeps evidence, sealed.
        key: of 32 bytes, by which words are sealed.
    """

    def __init__(
        self, store_api: Store, store_page: Store, landing: Landing, key: bytes, clock: Callable[[], datetime]
    ) -> None:
        self._store_api = store_api
        self._store_page = store_page
        self._landing = landing
        self._key = key
        self._clock = clock

    def seal(self, words: bytes) -> bytes:
        """Words as the store keeps them."""
        file = io.BytesIO()
        with SealedWriter(file, self._key) as writer:
            writer.write(words)
        return file.getvalue()

    # --- evidence

    def awaits(self, reference: str, digest: bytes) -> bool:
        """Whether this file was announced and has not come."""
        with Transaction(self._store_api) as work:
            return disputes.expected_evidence(work.conn, reference, digest) is not None

    def expected(self, reference: str, digest: bytes) -> int:
        """How many bytes a file has that an open dispute announced, before any of it is read. Raises NotAnnounced."""
        with Transaction(self._store_api) as work:
            size = disputes.expected_evidence(work.conn, reference, digest)
        if size is None:
            raise NotAnnounced
        return size

    def take_evidence(self, reference: str, digest: bytes, file: BinaryIO) -> None:
        """Keep a file that an open dispute announced; its signed question named the bytes, so that nobody else's come.

        Raises:
            NotAnnounced, EvidenceDiffers: nothing was kept.
            registries.landing_faults.LandingFailed, registries.landing_faults.UploadTooLarge
        """
        if _digest(file) != (digest, self.expected(reference, digest)):
            raise EvidenceDiffers
        name = secrets.token_hex(16)
        path = self._landing.land_upload(name, file, LARGEST_EVIDENCE)
        with Transaction(self._store_api) as work:
            kept = disputes.note_evidence(work.conn, reference, digest, str(path), self._clock())
        if not kept:  # another copy came at the same time
            self._landing.discard_upload(name)

    def open_evidence(self, session: Session, reference: str, digest: bytes) -> tuple[Evidence, BinaryIO]:
        """A file for one of the two departments. NotFound for anybody else, and before it came."""
        with Transaction(self._store_page) as work:
            found = self._one(session, reference, disputes.one(work.conn, reference))
            files = disputes.evidence_of(work.conn, found.id)
        evidence = next((each for each in files if each.digest == digest and each.path), None)
        if evidence is None or evidence.path is None:
            raise NotFound("证据", "evidence")
        return evidence, self._landing.open_upload(Path(evidence.path))

    # --- both departments

    def of_provider(self, session: Session, before: int | None = None, limit: int = 50) -> list[Dispute]:
        """What the session's department has to answer, latest first."""
        with Transaction(self._store_page) as work:
            return disputes.listed(work.conn, provider=session.department, before=before, limit=limit)

    def filed_by(self, session: Session, before: int | None = None, limit: int = 50) -> list[Dispute]:
        """What the session's department has filed, latest first."""
        with Transaction(self._store_page) as work:
            return disputes.listed(work.conn, department=session.department, before=before, limit=limit)

    def told(self, session: Session, reference: str) -> Told:
        """One of them with its words. NotFound for anybody else's."""
        with Transaction(self._store_page) as work:
            found = self._one(session, reference, disputes.one(work.conn, reference))
            evidence = tuple(disputes.evidence_of(work.conn, found.id))
        said: dict[str, Any] = json.loads(self._open(found.statement))
        about = said["about"]
        return Told(
            found,
            about["certificate_number"],
            mask_text(about["holder_name"], "person_name"),
            mask_text(about["holder_code"], "citizen_number"),
            said["statement"],
            "" if found.answer is None else self._open(found.answer).decode(),
            evidence,
        )

    def answer(self, session: Session, reference: str, outcome: str, words: str) -> None:
        """Close a dispute: the provider with an outcome, who filed it by withdrawing it.

        Raises:
            AnswerRefused: words or outcome are missing.
            NotFound: it is not open, or not this department's to close so.
        """
        known: dict[str, Outcome] = {
            "corrected": "corrected",
            "confirmed": "confirmed",
            "not_ours": "not_ours",
            "withdrawn": "withdrawn",
        }
        if outcome not in known or not 0 < len(words.strip()) <= LONGEST_ANSWER:
            raise AnswerRefused
        sealed = self.seal(words.strip().encode())
        with Transaction(self._store_page) as work:
            if not disputes.close(work.conn, reference, session.department, known[outcome], sealed, self._clock()):
                raise NotFound("待答复的异议", "dispute to answer")

    def _one(self, session: Session, reference: str, found: Dispute | None) -> Dispute:
        if (
            found is None
            or reference != found.reference
            or session.department not in {found.provider, found.department}
        ):
            raise NotFound("异议", "dispute")
        return found

    def _open(self, sealed: bytes) -> bytes:
        return SealedReader(io.BytesIO(sealed), self._key).read()


def _digest(file: BinaryIO) -> tuple[bytes, int]:
    """SHA-256 of a file's bytes and how many they are; leaves it at its start."""
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return digest.digest(), size


def evidence_digests(files: Sequence[tuple[str, bytes]]) -> tuple[Evidence, ...]:
    """Files of a form as they are announced: media type and bytes each."""
    return tuple(Evidence(hashlib.sha256(content).digest(), media_type, len(content)) for media_type, content in files)
