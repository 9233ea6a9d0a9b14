"""异议: somebody says that what the hub has of a certificate is wrong; its source has to check it in ten working days.

    Dispute(seal, due).answer(work, asked, today, now)[0].content["reference"]

Who may verify certificates of a type may dispute them. From the answer on, verdicts on just this number and holder say
that it is disputed and are 待校核 (who holds a valid paper is served as usual), until the provider has answered. Files
are announced by digest in the signed question, and sent afterwards (`exchange_api.disputes`).
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates.records import MalformedQuestion, Question
from exchange_api.acts.about_certificate import AboutCertificate
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.verification import subject_of
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.errors import NotGranted
from registries.store import disputes
from registries.store.case_tables import DISPUTE_KINDS
from registries.store.certificates import Sought
from registries.store.disputes import Evidence, New, Opened
from registries.store.grants import Claimant, Grant, Wish

DISPUTES_PATH: Final = "/v1/disputes"
LONGEST_STATEMENT: Final = 2000
MOST_EVIDENCE: Final = 5
LARGEST_EVIDENCE: Final = 10 * 1024 * 1024
MEDIA_TYPES: Final = ("application/pdf", "image/jpeg", "image/png", "application/ofd")

KIND_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "status": ("证照状态有误", "its state is wrong"),
    "validity": ("有效期有误", "its dates are wrong"),
    "holder": ("持证主体有误", "its holder is wrong"),
    "content": ("照面其他内容有误", "something else on its face is wrong"),
    "missing": ("申请人持有证照，枢纽查不到", "the applicant holds it, the hub does not find it"),
}

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OWN: Final = frozenset({"kind", "statement", "evidence"})


@dataclass(frozen=True)
class DisputeQuestion(AboutCertificate):
    """What is disputed, how it is wrong, and what files speak for that."""

    kind: str
    statement: str
    evidence: tuple[Evidence, ...]

    @classmethod
    def parse(cls, content: Mapping[str, object]) -> "DisputeQuestion":
        """Read it strictly. Raises MalformedQuestion."""
        about = Question.parse({name: value for name, value in content.items() if name not in _OWN})
        kind, statement = content.get("kind"), content.get("statement")
        if kind not in DISPUTE_KINDS:
            raise MalformedQuestion("kind", "不是已知的异议类型", "is no known kind of dispute")
        if not isinstance(statement, str) or not 0 < len(statement.strip()) <= LONGEST_STATEMENT:
            raise MalformedQuestion("statement", "为空或过长", "is empty or too long")
        return cls(about, str(kind), statement.strip(), _evidence(content.get("evidence", [])))

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        files = [
            {"digest": each.digest.hex(), "media_type": each.media_type, "size": each.size} for each in self.evidence
        ]
        return {**self.about.to_json(), "kind": self.kind, "statement": self.statement, "evidence": files}


def _evidence(given: object) -> tuple[Evidence, ...]:
    if not isinstance(given, list) or len(given) > MOST_EVIDENCE:
        raise MalformedQuestion("evidence", "不是列表或过多", "is no list, or has too many")
    return tuple(_file(each) for each in given)


def _file(given: object) -> Evidence:
    if not isinstance(given, Mapping) or given.keys() != {"digest", "media_type", "size"}:
        raise MalformedQuestion("evidence", "应有且仅有 digest、media_type、size", "has digest, media_type and size")
    digest, media_type, size = given["digest"], given["media_type"], given["size"]
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise MalformedQuestion(
            "evidence", "的 digest 不是 SHA-256 的十六进制", "has a digest that is no SHA-256 in hex"
        )
    if media_type not in MEDIA_TYPES or type(size) is not int or not 0 < size <= LARGEST_EVIDENCE:
        raise MalformedQuestion("evidence", "的类型或大小不接受", "is of a type or size that is not taken")
    return Evidence(bytes.fromhex(digest), media_type, size)


class Dispute(Act[DisputeQuestion]):
    """The act of disputing what is held of a certificate.

    Args:
        catalogue: whose departments are named to the asker.
        seal: encrypts what is said, so that only the hub's pages can read it.
        due: the day by which the provider has to answer what is filed on a day.
    """

    name = "verification"
    path = DISPUTES_PATH
    member = "dispute"

    def __init__(
        self, catalogue: Callable[[], Catalogue], seal: Callable[[bytes], bytes], due: Callable[[date], date]
    ) -> None:
        self._catalogue = catalogue
        self._seal = seal
        self._due = due

    def parse(self, content: Mapping[str, object]) -> DisputeQuestion:
        """Raises certificates.records.MalformedQuestion."""
        return DisputeQuestion.parse(content)

    def wishes(self, question: DisputeQuestion) -> tuple[Wish, ...]:
        """Who may verify certificates of a type may dispute them."""
        about = question.about
        return (Wish("verification", about.purpose, about.service_item, about.certificate_type),)

    def shown(self, question: DisputeQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """The certificate's type and the kind of dispute; nothing that was said."""
        return {"certificate_type": question.about.certificate_type, "kind": question.kind}

    def about(self, question: DisputeQuestion) -> tuple[Subject, ...]:
        """The holder whose certificate it is."""
        return (subject_of(question.about),)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[DisputeQuestion]], today: date, now: datetime
    ) -> list[Answered]:
        """Each opens a case with the provider, or joins the one that is open."""
        return [self._answer(work, each, each.grants[0], today, now) for each in asked if each.grants[0] is not None]

    def _answer(
        self, work: Transaction, asked: Asked[DisputeQuestion], grant: Grant, today: date, now: datetime
    ) -> Answered:
        question = asked.question
        said = {"about": question.about.to_json(), "statement": question.statement}
        statement = self._seal(json.dumps(said, ensure_ascii=False).encode())
        new = New(secrets.token_hex(16), question.kind, statement, question.evidence)
        sought = Sought(question.about, grant, Claimant(asked.department, asked.asker))
        opened = disputes.open_dispute(work.conn, new, sought, today, now, self._due(today))
        if not opened.granted:
            raise NotGranted([0])
        return Answered(self._told(question, new, opened), None)

    def _told(self, question: DisputeQuestion, new: New, opened: Opened) -> dict[str, Any]:
        kind_zh, kind_en = KIND_WORDS[question.kind]
        kind = {"code": question.kind, "zh": kind_zh, "en": kind_en}
        if opened.provider is None:
            return {"code": "not_collected", **_NOT_COLLECTED, "kind": kind}
        return {
            "code": "filed",
            "zh": f"异议已转{self._name(opened.provider, 'zh')}校核，{opened.due_on} 前答复。",
            "en": f"{self._name(opened.provider, 'en')} has to check it and answer by {opened.due_on}.",
            "next": {
                "zh": "申请人持有有效证照的，应当照常办理，不得要求其先行更正。"
                + ("请在 10 日内上传所列证据文件。" if question.evidence else ""),
                "en": "Whoever holds a valid paper must be served as usual."
                + (" Send the files that you announced." if question.evidence else ""),
            },
            "kind": kind,
            "reference": new.reference,
            "case_number": opened.case_number,
            "provider": opened.provider,
            "due_on": opened.due_on.isoformat() if opened.due_on else None,
            "evidence": [
                {
                    "digest": each.digest.hex(),
                    "path": f"{DISPUTES_PATH}/{new.reference}/evidence/{each.digest.hex()}",
                }
                for each in question.evidence
            ],
        }

    def _name(self, provider: str, language: str) -> str:
        known = {department.id: department for department in self._catalogue().departments}.get(provider)
        return provider if known is None else known.name_zh if language == "zh" else known.name_en


_NOT_COLLECTED: Final = {
    "zh": "枢纽没有归集此类证照，没有可以校核的数据来源。",
    "en": "The hub does not collect certificates of this kind; there is no source to check.",
    "next": {
        "zh": "请按原有方式查验证照；有疑问的直接与颁发机构联系。",
        "en": "Look at the certificate in the usual way, and ask its issuer if in doubt.",
    },
}
