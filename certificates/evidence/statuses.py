"""Status lists: by themselves, at one place, and for a credential that names its place.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_status("no list", Given({"keys": []})).refusal.reason
    'form'
"""

from typing import Final

from certificates.errors import CertificatesError
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.steps import KEY_REASONS, fail_at, fail_time, pass_all
from certificates.evidence.times import shown_time
from certificates.published_keys import published_keys
from certificates.status_lists import BadStatusList, State, StatusListToken, StatusReference, open_status_list

PURPOSE: Final = "status"
_TIMES = {"not yet", "expired"}
_STATES = {
    State.VALID: ("状态列表：有效。", "By the status list: valid."),
    State.INVALID: ("状态列表：已失效。", "By the status list: not valid any more."),
    State.SUSPENDED: ("状态列表：已暂扣。", "By the status list: suspended."),
    State.BEING_CHECKED: ("状态列表：正在核查，请联系平台。", "By the status list: being checked; ask the hub."),
}


class NotInForce(CertificatesError):
    """Raised when a status list says that what was presented does not count any more.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, state: State) -> None:
        self.reason = f"status {state.name.lower()}"
        super().__init__(
            "状态列表显示已失效或暂扣。请向平台重新核验。",
            "The status list says that this is not valid any more, or suspended. Verify the certificate anew.",
        )


def examine_status(token: str, given: Given) -> Report:
    """Verify a status list's token, and tell the state at ``given.index`` if one is asked for.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("status")
    try:
        opened = _opened(token, given, given.uri)
        state = None if given.index is None else opened.state(given.index)
    except BadStatusList as error:
        _failed(found, error)
        return found.refused(error)
    _passed(found, opened, given)
    told = {} if state is None else {"index": given.index, "state": state.name.lower()}
    members = {"uri": opened.uri, "issued_at": shown_time(opened.issued_at), "places": opened.states.size}
    return found.report({**members, **told})


def look_at_status(found: Findings, reference: StatusReference, given: Given) -> CertificatesError | None:
    """The state of what names a place in a list, if that list was given: failed, unknown or passed."""
    token = given.status_list or given.lists.get(reference.uri)
    if token is None:
        zh = f"未提供状态列表（{reference.uri}，第 {reference.idx} 位），是否已失效不得而知。"
        en = f"Whether it was revoked: get the status list {reference.uri} and look at place {reference.idx}."
        found.unknown("status", Part.STATUS, zh, en)
        return None
    try:
        state = _opened(token, given, reference.uri).state(reference.idx)
    except BadStatusList as error:
        zh, en = "所给状态列表未通过验证。", "The status list given is not good for this."
        found.failed("status list", Part.STATUS, zh, en, error.reason)
        return error
    return _judge(found, state)


def _judge(found: Findings, state: State) -> CertificatesError | None:
    if state == State.VALID:
        found.passed("status", Part.STATUS, *_STATES[state])
    elif state == State.BEING_CHECKED:
        found.unknown("status", Part.STATUS, *_STATES[state])
    else:
        error = NotInForce(state)
        found.failed("status", Part.STATUS, *_STATES[state], error.reason)
        return error
    return None


def _opened(token: str, given: Given, uri: str | None) -> StatusListToken:
    return open_status_list(token, published_keys(given.jwks, PURPOSE), uri=uri, at=given.moment)


def _passed(found: Findings, opened: StatusListToken, given: Given) -> None:
    pass_all(found)
    if given.moment is None:
        found.left_open("time", "没有给出核对时刻。", "No moment to judge by was given.")
        return
    found.passed("time", Part.STATUS, "在有效时间内。", "The moment lies within its times.")
    if opened.stale_at(given.moment):
        found.left_open("newer list", "应有更新的列表。", "A newer list should be there by now.")


def _failed(found: Findings, error: BadStatusList) -> None:
    if error.reason in _TIMES:
        pass_all(found)
        fail_time(found, error.reason)
    elif error.reason in {"sub", "place", "state"}:
        pass_all(found)
        zh, en = "不是所问的列表或位置。", "It is of another list, or lacks the place."
        found.failed("place", Part.STATUS, zh, en, error.reason)
    elif error.reason in KEY_REASONS:
        fail_at(found, error.reason)
    else:
        fail_at(found, error.reason, "claims")
