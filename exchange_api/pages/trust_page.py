"""Keys and trust: the root's fingerprint to compare with paper, every published key and its state, time stamps, alarms.

Everything on it is public but the alarms, which stewards see.
"""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from certificates.keys import KeyPurpose, KeyState, KeyStatus
from certificates.trust_root import verify_key_set
from exchange_api.pages.frames import frame_of, plain_frame
from exchange_api.pages.rendering import render
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.trust import AlarmRow, KeyRow, TimeRow, TrustView
from exchange_api.parts import HubParts
from exchange_api.people.roles import ANYBODY, open_to
from exchange_api.sign_in import current_session, parts_of

router = APIRouter()
_TITLE = Words("密钥与信任", "Keys and trust")
_LEDE = Words(
    "核对信任根指纹，即可确认公钥出自本平台；密钥更换不影响已出具的回执。",
    "Compare the trust root's fingerprint to know that keys are this hub's. A rotation leaves receipts good.",
)
_PURPOSES = {
    KeyPurpose.RECEIPT: Words("回执", "Receipts"),
    KeyPurpose.CHECKPOINT: Words("存证日志", "Ledger"),
    KeyPurpose.CHECKPOINT_SM2: Words("存证日志（国密）", "Ledger, SM2"),
    KeyPurpose.CREDENTIAL: Words("可验证凭证", "Credentials"),
    KeyPurpose.STATUS: Words("状态列表", "Status lists"),
    KeyPurpose.DOCUMENT: Words("核验件", "Documents"),
    KeyPurpose.MESSAGE: Words("变更通知", "Messages"),
    KeyPurpose.ROOT: Words("信任根", "Trust root"),
}
_STATES = {
    KeyStatus.COMING: (Words("待启用", "Coming"), "blue"),
    KeyStatus.ACTIVE: (Words("使用中", "Signs"), "green"),
    KeyStatus.VERIFY_ONLY: (Words("仅供验证", "Verifies only"), ""),
    KeyStatus.COMPROMISED: (Words("已失密", "Stolen"), "red"),
}


@router.get("/trust", name="trust_page")
@open_to(ANYBODY)
def trust_page(request: Request) -> Response:
    """For everybody; the same as the key set and the ledger's time stamps, to read."""
    parts, session = parts_of(request), current_session(request)
    steward = session is not None and "steward" in session.roles
    frame = plain_frame(request, _TITLE) if session is None else frame_of(request, session, _TITLE, _LEDE)
    return render("trust.html", frame, _view(parts, alarms=steward))


def _view(parts: HubParts, *, alarms: bool) -> TrustView:
    parts.keys.refresh()
    shown = parts.keys.fingerprint()
    trusted = verify_key_set(parts.keys.jwks(), shown)
    told = parts.alarms.all() if alarms else []
    stamped = parts.stamped_proofs.latest()
    return TrustView(
        groups=tuple(shown.split(" ")),
        signed_at=_time(trusted.made_at),
        keys=tuple(_row(state) for state in _in_order(parts.keys.states())),
        alarms=tuple(AlarmRow(Words(alarm.zh, alarm.en), alarm.overdue) for alarm in told),
        time=None if stamped is None else TimeRow(stamped.checkpoint.size, stamped.at),
    )


def _in_order(states: tuple[KeyState, ...]) -> list[KeyState]:
    """By purpose, the newest first; clients' own keys are not published."""
    places = list(_PURPOSES)
    published = [state for state in states if state.purpose in _PURPOSES]
    return sorted(published, key=lambda state: (places.index(state.purpose), -state.made_at))


def _row(state: KeyState) -> KeyRow:
    words, tone = _STATES[state.status]
    until = state.compromised_since or state.signs_until or state.expires_at
    return KeyRow(
        _PURPOSES[state.purpose],
        words,
        tone,
        state.alg,
        _time(state.made_at),
        None if until is None else _time(until),
        state.kid,
    )


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
