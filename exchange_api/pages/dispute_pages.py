"""Disputes at the counter and at the provider: filed in two clicks from a verdict, answered in one place.

POST /officer/disputes/new       with the hidden fields of a verdict's form: the form of a dispute
POST /officer/disputes           files it
GET  /officer/disputes           what this department filed; one of them, and how it ended
GET  /steward/disputes           what this department has to answer; one of them with its words, and the answer
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from certificates.china_time import CHINA
from certificates.records import MalformedQuestion
from exchange_api.acts.dispute import KIND_WORDS, MEDIA_TYPES
from exchange_api.askers import parse_officers_question
from exchange_api.disputes import ANSWER_WORDS, AnswerRefused, Disputes, Told
from exchange_api.pages.frames import department_name, frame_of
from exchange_api.pages.question_form import FIELDS, question_of
from exchange_api.pages.rendering import render
from exchange_api.pages.views.case import DisputeForm, DisputeRow, DisputesView, DisputeView, EvidenceRow
from exchange_api.pages.views.frame import Crumb, Option, Words
from exchange_api.people.roles import Reach, Role
from exchange_api.sessions import Session
from exchange_api.sign_in import check_csrf, parts_of, read_form, require
from registries.store.disputes import Dispute

DISPUTE_PLACE = "/officer/disputes"
router = APIRouter()
_department = Reach.OWN_DEPARTMENT
Officer = Annotated[Session, Depends(require(Role.WINDOW_OFFICER, Role.APPROVING_OFFICER, reach=_department))]
Steward = Annotated[Session, Depends(require(Role.STEWARD, reach=_department))]
OurForm = Annotated[None, Depends(check_csrf)]
FILED = Crumb(Words("我方异议", "Disputes filed"), DISPUTE_PLACE)
TO_ANSWER = Crumb(Words("待校核异议", "Disputes to check"), "/steward/disputes")
A_PAGE = 25
UNPROCESSABLE, SEE_OTHER = 422, 303
_BLOCK = 1 << 16


@router.post("/officer/disputes/new")
async def new_dispute(request: Request, session: Officer, _: OurForm) -> Response:
    """The form, for the question that the verdict answered."""
    form = await read_form(request)
    return await run_in_threadpool(_form_page, request, session, _fields(form), None)


@router.post("/officer/disputes")
async def file_dispute(request: Request, session: Officer, _: OurForm) -> Response:
    """File it, with the file if one was given; the same form sent twice files one dispute."""
    form = await read_form(request)
    given = form.get("file")
    content = await given.read() if isinstance(given, UploadFile) and given.filename else b""
    media_type = (given.content_type or "") if isinstance(given, UploadFile) else ""
    return await run_in_threadpool(_file, request, session, _fields(form), content, media_type)


@router.get("/officer/disputes")
def filed_page(request: Request, session: Officer, before: int | None = None) -> Response:
    """What the officer's department has filed."""
    found = parts_of(request).disputes.filed_by(session, before, A_PAGE)
    return _list_page(request, session, found, FILED, DISPUTE_PLACE)


@router.get("/officer/disputes/{reference}")
def filed_one(request: Request, reference: str, session: Officer) -> Response:
    """One of them, and how it ended."""
    return _one_page(request, session, reference, FILED, DISPUTE_PLACE)


@router.post("/officer/disputes/{reference}/withdraw")
async def withdraw(request: Request, reference: str, session: Officer, _: OurForm) -> Response:
    """Take it back."""
    form = await read_form(request)
    return await run_in_threadpool(_answer, request, session, reference, form, FILED, DISPUTE_PLACE)


@router.get("/steward/disputes")
def to_answer_page(request: Request, session: Steward, before: int | None = None) -> Response:
    """What the steward's department has to check."""
    found = parts_of(request).disputes.of_provider(session, before, A_PAGE)
    return _list_page(request, session, found, TO_ANSWER, "/steward/disputes")


@router.get("/steward/disputes/{reference}")
def to_answer_one(request: Request, reference: str, session: Steward) -> Response:
    """One of them, with what is said and the evidence."""
    return _one_page(request, session, reference, TO_ANSWER, "/steward/disputes")


@router.post("/steward/disputes/{reference}/answer")
async def answer(request: Request, reference: str, session: Steward, _: OurForm) -> Response:
    """Answer it, which closes it."""
    form = await read_form(request)
    return await run_in_threadpool(_answer, request, session, reference, form, TO_ANSWER, "/steward/disputes")


@router.get("/steward/disputes/{reference}/evidence/{digest}")
def evidence_file(request: Request, reference: str, digest: str, session: Steward) -> Response:
    """A file that speaks for it; browsers save it and never open it here."""
    wanted = bytes.fromhex(digest) if len(digest) == 64 and digest.isascii() and digest.isalnum() else b""  # noqa: PLR2004 - hex of SHA-256
    evidence, file = parts_of(request).disputes.open_evidence(session, reference, wanted)
    headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"', "Content-Length": str(evidence.size)}
    return StreamingResponse(_pieces(file), media_type=evidence.media_type, headers=headers)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block


# --- filing


def _file(request: Request, session: Session, fields: dict[str, str], content: bytes, media_type: str) -> Response:
    parts = parts_of(request)
    files = [{"digest": hashlib.sha256(content).hexdigest(), "media_type": media_type, "size": len(content)}]
    asked = {name: value for name, value in question_of(fields).items() if name != "as_of"}
    said = {"kind": fields.get("kind", ""), "statement": fields.get("statement", "")}
    jti = hashlib.sha256(f"{fields.get('jti', '')}|dispute".encode()).hexdigest()
    try:
        inquiry = parse_officers_question(
            session, {**asked, **said, "evidence": files if content else []}, jti, parts.acts.dispute
        )
    except MalformedQuestion as malformed:
        return _form_page(request, session, fields, Words(malformed.zh, malformed.en))
    told = parts.answering.ask(inquiry).result().content
    if told["code"] != "filed":
        return _form_page(request, session, fields, Words(f"{told['zh']}{told['next']['zh']}", told["en"]))
    if content:
        _take(parts.disputes, told["reference"], content)
    return RedirectResponse(f"{DISPUTE_PLACE}/{told['reference']}", SEE_OTHER)


def _take(disputes: Disputes, reference: str, content: bytes) -> None:
    """Once: who sends the form again finds the file there."""
    digest = hashlib.sha256(content).digest()
    if disputes.awaits(reference, digest):
        disputes.take_evidence(reference, digest, io.BytesIO(content))


def _form_page(request: Request, session: Session, fields: Mapping[str, str], fault: Words | None) -> Response:
    kind = parts_of(request).types.get(fields.get("certificate_type", ""))
    view = DisputeForm(
        jti=fields.get("jti", ""),
        request=tuple((name, fields[name]) for name in FIELDS if fields.get(name)),
        number=fields.get("certificate_number", ""),
        type="" if kind is None else f"{kind.name_zh} {kind.name_en}",
        kinds=tuple(Option(code, f"{zh} {en}") for code, (zh, en) in KIND_WORDS.items()),
        statement=fields.get("statement", ""),
        fault=fault,
        kind=fields.get("kind", ""),
    )
    frame = frame_of(request, session, Words("提出异议", "Dispute it"), crumbs=(FILED,))
    return render("dispute_form.html", frame, view, UNPROCESSABLE if fault else 200, accepted=", ".join(MEDIA_TYPES))


def _fields(form: FormData) -> dict[str, str]:
    names = (*FIELDS, "jti", "kind", "statement")
    return {name: value for name in names if isinstance(value := form.get(name), str)}


# --- lists, and one of them


def _list_page(request: Request, session: Session, found: list[Dispute], here: Crumb, place: str) -> Response:
    rows = tuple(_row(request, each) for each in found)
    older = found[-1].id if len(found) == A_PAGE else None
    return render("disputes.html", frame_of(request, session, here.words), DisputesView(rows, place, older))


def _one_page(
    request: Request, session: Session, reference: str, here: Crumb, place: str, fault: Words | None = None
) -> Response:
    told = parts_of(request).disputes.told(session, reference)
    view = _view(request, session, told, place, fault)
    frame = frame_of(request, session, Words("异议", "Dispute"), crumbs=(here,))
    return render("dispute.html", frame, view, UNPROCESSABLE if fault else 200)


def _answer(request: Request, session: Session, reference: str, form: FormData, here: Crumb, place: str) -> Response:
    outcome = "withdrawn" if place == DISPUTE_PLACE else str(form.get("outcome") or "")
    try:
        parts_of(request).disputes.answer(session, reference, outcome, str(form.get("words") or ""))
    except AnswerRefused as refused:
        return _one_page(request, session, reference, here, place, Words(refused.zh, refused.en))
    return RedirectResponse(f"{place}/{reference}", SEE_OTHER)


def _row(request: Request, found: Dispute) -> DisputeRow:
    parts = parts_of(request)
    kind = parts.types.get(found.certificate_type)
    today = parts.clock().astimezone(CHINA).date()
    is_open = found.state == "open"
    state = Words("待答复", "to be answered") if is_open else Words(*ANSWER_WORDS[found.outcome or "withdrawn"])
    return DisputeRow(
        found.reference,
        found.certificate_type if kind is None else kind.name_zh,
        Words(*KIND_WORDS[found.kind]),
        found.opened_at,
        found.due_on,
        "gold" if is_open else "green",
        state,
        is_open and found.due_on < today,
        f"{department_name(request, found.department)} → {department_name(request, found.provider)}",
    )


def _view(request: Request, session: Session, told: Told, place: str, fault: Words | None) -> DisputeView:
    found = told.dispute
    mine = found.department if place == DISPUTE_PLACE else found.provider
    usable = ("withdrawn",) if place == DISPUTE_PLACE else ("corrected", "confirmed", "not_ours")
    answers = tuple(Option(code, " ".join(ANSWER_WORDS[code])) for code in usable)
    evidence = tuple(
        EvidenceRow(
            f"{each.media_type} · {each.digest.hex()[:12]}",
            each.size,
            f"/steward/disputes/{found.reference}/evidence/{each.digest.hex()}"
            if each.path and session.department == found.provider and place != DISPUTE_PLACE
            else None,
        )
        for each in told.evidence
    )
    return DisputeView(
        _row(request, found),
        told.number,
        f"{told.holder_name} {told.holder_code}",
        told.statement,
        told.answer,
        evidence,
        answers if found.state == "open" and mine == session.department else (),
        f"{place}/{found.reference}/{'withdraw' if place == DISPUTE_PLACE else 'answer'}",
        fault,
    )
