"""The ledger's page, for everybody: how large it is, who vouches for it, what was lost, how to replay it oneself."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from certificates.cosignatures import LOG, verifier
from certificates.keys import KeyPurpose
from exchange_api.ledger_standing import Standing, standing
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.ledger import LedgerView, LossRow, WitnessRow
from exchange_api.parts import HubParts
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import current_session, parts_of
from registries.errors import LedgerSetBack

router = APIRouter()
_TITLE = Words("存证日志", "Ledger")
_LEDE = Words(
    "每次回答都记入只增不改的日志，任何人都可以下载并重算；其中没有个人信息。",
    "Every answer stands in a log that only grows. Anybody can fetch and replay it; it holds no personal data.",
)


@router.get("/ledger", name="ledger_page")
@open_to(ANYBODY)
def ledger_page(request: Request) -> Response:
    """For everybody, signed in or not."""
    parts, session = parts_of(request), current_session(request)
    found = standing(parts.store_api, parts.answering.ledger_head)
    frame = plain_frame(request, _TITLE) if session is None else frame_of(request, session, _TITLE, _LEDE)
    return render("ledger.html", frame, _view(parts, found))


def _view(parts: HubParts, found: Standing) -> LedgerView:
    parts.keys.refresh()
    key = parts.keys.active(KeyPurpose.CHECKPOINT)
    return LedgerView(
        origin=found.origin,
        size=found.head.size if found.head else 0,
        root=base64.b64encode(found.head.root).decode("ascii") if found.head else "",
        at=found.head.made_at if found.head else None,
        verifier=str(verifier(found.origin, key, LOG)),
        refusal=Words(found.refusal.zh, found.refusal.en) if found.refusal else None,
        witnesses=tuple(WitnessRow(*one) for one in found.witnesses),
        losses=tuple(_loss(one) for one in found.losses),
    )


def _loss(told: Mapping[str, Any]) -> LossRow:
    why = Words(*LedgerSetBack.REASONS[told["why"]])
    at = datetime.fromisoformat(told["at"])
    return LossRow(at, int(told["last"]["size"]), int(told["size"]), why, told["reason"], told["by"])
