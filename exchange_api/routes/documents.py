"""Documents of receipts, for who was given them: to print and keep, and the archive package of a case.

GET /v1/receipts/{jti}/document.{kind}     PDF or OFD; `?paper=A5`
GET /v1/case-packages/{case}               a zip with everything that shows what was verified for a case

Both need the session of the officer who asked, as the receipts' own page does.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from certificates.documents.drawing import PAPERS
from exchange_api.documents_made import MadeFile
from exchange_api.people.roles import OFFICERS, Reach
from exchange_api.sessions import Session
from exchange_api.sign_in import parts_of, require

LONGEST_CASE = 128
router = APIRouter(tags=["documents"])

Officer = Annotated[Session, Depends(require(*sorted(OFFICERS), reach=Reach.OWN))]
Kind = Literal["pdf", "ofd"]
PaperName = Annotated[Literal["A4", "A5"], Query(description="纸张 Paper size")]


@router.get("/v1/receipts/{jti}/document.{kind}", summary="回执文档 A receipt as a document", response_class=Response)
def document(request: Request, session: Officer, jti: str, kind: Kind, paper: PaperName = "A4") -> Response:
    """A receipt that the officer was given, with its proof inside, as PDF (laid out as PDF/A-3) or OFD (GB/T 33190)."""
    return as_file(parts_of(request).documents.document(session, jti, kind, PAPERS[paper]))


@router.get("/v1/case-packages/{case:path}", summary="办件归档包 Archive package of a case", response_class=Response)
def case_package(
    request: Request, session: Officer, case: Annotated[str, Path(max_length=LONGEST_CASE, min_length=1)]
) -> Response:
    """Every receipt that the officer was given for this case: documents, metadata, receipts, proofs, keys, manifest."""
    return as_file(parts_of(request).documents.package(session, case))


def as_file(made: MadeFile) -> Response:
    """A file to save; nobody on the way keeps it."""
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return Response(made.data, media_type=made.media_type, headers=headers)
