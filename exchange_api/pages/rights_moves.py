"""What can be done next with an application or a grant, by whom; the use cases decide again when it is done.

application_moves(found, actor)
"""

from collections.abc import Sequence

from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.rights import Move
from exchange_api.sharing.steps import Actor
from registries.store.applications import Application
from registries.store.grants import Grant
from registries.store.held_grants import OPEN_NOTICES, StopNotice

_CONSENT = Words("本单位负责人同意的依据", "Consent of this unit's head")
_REASON = Words("理由", "Reason")

SUBMIT = Move("submit", Words("同意并提交", "Consent and submit"), _CONSENT, strong=True)
WITHDRAW = Move("withdraw", Words("撤回", "Withdraw"), _REASON)
SUPPLEMENT = Move(
    "supplement", Words("补正", "Give what is missing"), Words("补正内容", "What was missing"), strong=True
)
GRANT = Move("grant", Words("同意授权", "Grant"), _CONSENT, strong=True)
REFUSE = Move("refuse", Words("不同意", "Refuse"), _REASON, danger=True)
ASK_MISSING = Move(
    "ask-missing",
    Words("一次性告知补正", "Ask for what is missing, once"),
    Words("需要补正的全部内容", "All that is missing"),
)
ASK_LONGER = Move("ask-longer", Words("申请延长答复期限", "Ask for more time, once"), _REASON, days=True)
ALLOW_LONGER = Move("allow-longer", Words("同意延长", "Allow more time"), strong=True)
DENY_LONGER = Move("deny-longer", Words("不同意延长", "Deny more time"))
PROVIDED = Move("provided", Words("已提供数据", "The data are provided"), strong=True)

SUSPEND = Move("suspend", Words("暂停", "Suspend"), _REASON, danger=True)
RESUME = Move("resume", Words("恢复", "Resume"), _REASON, strong=True)
END = Move("end", Words("终止", "End for good"), _REASON, danger=True)
EXTEND = Move("extend", Words("延长有效期", "Extend"), _REASON, day=Words("新的截止日期", "New last day"))
ANNOUNCE = Move(
    "announce-stop",
    Words("告知拟停止共享", "Announce a stop"),
    _REASON,
    day=Words("拟停止日期", "To stop on"),
)
AGREE = Move("agree-stop", Words("同意停止", "Agree to the stop"), Words("意见", "Answer"))
OBJECT = Move("object-stop", Words("不同意停止", "Object to the stop"), Words("意见", "Answer"), strong=True)
FILE = Move("file-stop", Words("备案", "File it"), strong=True)
DROP = Move("drop-stop", Words("撤销停止告知", "Take the notice back"), _REASON)


def application_moves(found: Application, actor: Actor) -> tuple[Move, ...]:
    """The steps of an application that are open to somebody now."""
    moves: list[Move] = []
    open_ = found.state in {"pending", "supplementing"}
    if actor.speaks_for(found.wanted.department):
        moves += [SUBMIT] if found.state == "draft" else []
        moves += [SUPPLEMENT] if found.state == "supplementing" else []
        moves += [WITHDRAW] if open_ or found.state == "draft" else []
    if actor.speaks_for(found.wanted.provider):
        moves += _providers(found)
    if actor.is_authority and open_ and found.longer_days is not None and found.longer_allowed is None:
        moves += [ALLOW_LONGER, DENY_LONGER]
    return tuple(moves)


def _providers(found: Application) -> list[Move]:
    if found.state == "granted" and found.provided_at is None:
        return [PROVIDED]
    moves = [GRANT, REFUSE] if found.state == "pending" else []
    if found.state == "pending" and found.wanting is None:
        moves.append(ASK_MISSING)
    if found.state in {"pending", "supplementing"} and found.longer_days is None:
        moves.append(ASK_LONGER)
    return moves


def grant_moves(grant: Grant, notices: Sequence[StopNotice], actor: Actor, *, provides: bool) -> tuple[Move, ...]:
    """The steps of a grant that are open to somebody now."""
    if grant.ended_at is not None:
        return ()
    moves: list[Move] = []
    notice = next((one for one in notices if one.state in OPEN_NOTICES), None)
    uses = actor.speaks_for(grant.department)
    if provides or actor.is_authority:
        moves += [SUSPEND] if grant.suspended_at is None else [RESUME]
        moves += [EXTEND] if grant.valid_until is not None else []
    if notice is None:
        moves += [ANNOUNCE] if provides else []
    else:
        moves += [OBJECT, AGREE] if uses and notice.state == "asking" else []
        moves += [FILE] if actor.is_authority and notice.state != "asking" else []
        moves += [DROP] if provides or actor.is_authority else []
    filed = any(one.state == "filed" for one in notices)
    if uses or actor.is_authority or (provides and (grant.suspended_at is not None or filed)):
        moves.append(END)
    return tuple(moves)
