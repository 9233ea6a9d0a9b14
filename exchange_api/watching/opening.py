"""订阅: a watch on the certificate that a question finds, so that its client is told when it changes.

    Watch(verification, hosts).answer(work, asked, today, now)[0].content["opened"]      # {"id": "…", "until": "…"}

Whoever opens a watch asks a question: it needs the same grant, counts against the same budgets, stands in the ledger
and is answered with a verdict. The watch is opened in the same transaction, so that there is none without a receipt.
A question that finds nothing opens none; what is being checked is watched until it comes.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from certificates.records import MalformedQuestion, Question
from certificates.verdicts import VerdictCode
from exchange_api.acts.about_certificate import AboutCertificate
from exchange_api.acts.act import Act, Answered, Asked, AskSource, Subject
from exchange_api.acts.verification import Verification
from exchange_api.transactions import Transaction
from registries.store import certificates, watches
from registries.store.grants import Claimant, Wish
from registries.store.watches import NewWatch
from registries.webhook_hosts import NoWebhookPlace, WebhookHosts, WebhookPlace

WATCHES_PATH: Final = "/v1/watches"
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 400
"""A watch ends by itself: an open case does not last longer, and nobody is watched for ever."""
MOST_OPEN: Final = 20_000
"""Open watches of one client."""

_MOST_AHEAD: Final = 366
_CLIENT: Final = "client:"
_NOTHING_THERE = frozenset({VerdictCode.NO_MATCH, VerdictCode.NOT_COVERED, VerdictCode.REFUSED})
_REASONS: Mapping[str, tuple[str, str]] = {
    "nothing_to_watch": (
        "没有可订阅的证照记录。请以核验结论为准。",
        "There is no certificate to watch. Rely on the verdict.",
    ),
    "webhook_not_allowed": (
        "通知地址不在允许的主机之列。请先由平台管理员登记该主机,或不带 webhook 订阅后读取变更列表。",
        "The webhook's host is not allowed. Ask the operator to allow it, or watch without one and read the feed.",
    ),
    "too_many_watches": (
        f"未结束的订阅已达 {MOST_OPEN} 个。请先结束不再需要的订阅。",
        f"There are {MOST_OPEN} open watches already. End those that are not needed.",
    ),
    "until_out_of_reach": (
        f"订阅的最后一天应在今天起 {MOST_DAYS} 天之内。请更正 until。",
        f"A watch's last day is today or at most {MOST_DAYS} days ahead. Mend until.",
    ),
    "not_a_client": ("订阅只供系统客户端使用。", "Watches are for client systems."),
}


@dataclass(frozen=True)
class WatchQuestion(AboutCertificate):
    """What is to be watched, and how its client wants to be told.

    Attributes:
        about: the question that the certificate is found by.
        webhook: where events are posted; None: the feed alone tells them.
        expiry_days: how long ahead of the last day to tell, 0 to 366 days; None: not at all.
        until: the last day of the watch; None: 90 days from now.
    """

    webhook: str | None = None
    expiry_days: int | None = None
    until: date | None = None

    def to_json(self) -> dict[str, Any]:
        """The question's members; what was not said is left out."""
        until = None if self.until is None else self.until.isoformat()
        told = {"webhook": self.webhook, "expiry_days": self.expiry_days, "until": until}
        return {**self.about.to_json(), **{name: value for name, value in told.items() if value is not None}}


class Watch(Act[WatchQuestion]):
    """The act of opening a watch.

    Args:
        verification: finds and judges the certificate.
        hosts: where events may be posted.
    """

    name = "verification"
    path = WATCHES_PATH
    member = "watch"

    def __init__(self, verification: Verification, hosts: WebhookHosts) -> None:
        self._verification = verification
        self._hosts = hosts

    def parse(self, content: Mapping[str, object]) -> WatchQuestion:
        """A question's members without `as_of`, and `webhook`, `expiry_days`, `until` where they are wanted."""
        ours = {"webhook", "expiry_days", "until"}
        if "as_of" in content:
            raise MalformedQuestion("as_of", "不适用于订阅", "has no place in a watch, which begins now")
        about = Question.parse({name: value for name, value in content.items() if name not in ours})
        return WatchQuestion(about, _webhook(content), _expiry_days(content), _until(content))

    def wishes(self, question: WatchQuestion) -> tuple[Wish, ...]:
        """To verify certificates of this type."""
        return self._verification.wishes(question.about)

    def shown(self, question: WatchQuestion, today: date) -> Mapping[str, Any]:
        """As of a verification of today."""
        return self._verification.shown(question.about, today)

    def about(self, question: WatchQuestion) -> tuple[Subject, ...]:
        """As of a verification."""
        return self._verification.about(question.about)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[WatchQuestion]], today: date, now: datetime
    ) -> list[Answered | AskSource]:
        """Each question's verdict, and the watches of those that found something, opened by one statement."""
        verdicts = self._verification.answer(
            work,
            [Asked(one.question.about, one.asker, one.department, one.grants, one.finding) for one in asked],
            today,
            now,
        )
        reasons = self._reasons(work, asked, verdicts, today)
        new = [_new(each, today) for each, reason in zip(asked, reasons, strict=True) if reason is None]
        opened = iter(zip(new, watches.open_watches(work.conn, new, now, today), strict=True))
        return [
            _told(verdict, reason, next(opened) if reason is None else None)
            for verdict, reason in zip(verdicts, reasons, strict=True)
        ]

    def _reasons(
        self,
        work: Transaction,
        asked: Sequence[Asked[WatchQuestion]],
        verdicts: Sequence[Answered | AskSource],
        today: date,
    ) -> list[str | None]:
        """Why no watch is opened; None where one is."""
        clients = sorted({each.asker.removeprefix(_CLIENT) for each in asked})
        counts = watches.open_counts(work.conn, clients)
        reasons = []
        for each, verdict in zip(asked, verdicts, strict=True):
            reason = self._reason(each, verdict, counts, today)
            if reason is None:
                counts[each.asker.removeprefix(_CLIENT)] += 1
            reasons.append(reason)
        return reasons

    def _reason(
        self,
        asked: Asked[WatchQuestion],
        verdict: Answered | AskSource,
        counts: Mapping[str, int],
        today: date,
    ) -> str | None:
        question, client_id = asked.question, asked.asker.removeprefix(_CLIENT)
        if not asked.asker.startswith(_CLIENT):
            return "not_a_client"
        if isinstance(verdict, AskSource) or verdict.content["code"] in _NOTHING_THERE or asked.finding is not None:
            return "nothing_to_watch"
        if question.until is not None and not today <= question.until <= today + timedelta(days=MOST_DAYS):
            return "until_out_of_reach"
        if question.webhook is not None and self._hosts.of(WebhookPlace.parse(question.webhook), client_id) is None:
            return "webhook_not_allowed"
        return "too_many_watches" if counts[client_id] >= MOST_OPEN else None


def _new(asked: Asked[WatchQuestion], today: date) -> NewWatch:
    question, grant = asked.question, asked.grants[0]
    if grant is None:
        raise LookupError("a question without its grant is never answered")
    place = None if question.webhook is None else WebhookPlace.parse(question.webhook)
    return NewWatch(
        id=secrets.token_hex(16),
        client_id=asked.asker.removeprefix(_CLIENT),
        question=certificates.wanted(question.about, grant, Claimant(asked.department, asked.asker)),
        case_number=question.case,
        webhook=question.webhook,
        host=None if place is None else place.authority,
        expiry_days=question.expiry_days,
        until=question.until or today + timedelta(days=USUAL_DAYS),
    )


def _told(
    verdict: Answered | AskSource, reason: str | None, opened: tuple[NewWatch, str | None] | None
) -> Answered | AskSource:
    """The verdict, and beside it the watch, or why there is none."""
    if isinstance(verdict, AskSource):
        return verdict
    if opened is None or opened[1] is None:
        why = reason or "nothing_to_watch"
        zh, en = _REASONS[why]
        told: dict[str, Any] = {"id": None, "reason": why, "zh": zh, "en": en}
    else:
        new, watch_id = opened
        told = {
            "id": watch_id,
            "until": new.until.isoformat(),
            "expiry_days": new.expiry_days,
            "webhook": new.webhook,
            "feed": f"{WATCHES_PATH}/feed",
        }
    return replace(verdict, content={**verdict.content, "opened": told})


def _webhook(content: Mapping[str, object]) -> str | None:
    value = content.get("webhook")
    if value is None:
        return None
    try:
        WebhookPlace.parse(value if isinstance(value, str) else "")
    except NoWebhookPlace:
        raise MalformedQuestion("webhook", "不是 https 通知地址", "is no https address of a named host") from None
    return str(value)


def _expiry_days(content: Mapping[str, object]) -> int | None:
    value = content.get("expiry_days")
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _MOST_AHEAD:
        raise MalformedQuestion("expiry_days", "应为 0 至 366 的整数", "is no whole number from 0 to 366")
    return value


def _until(content: Mapping[str, object]) -> date | None:
    value = content.get("until")
    if value is None:
        return None
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise MalformedQuestion("until", "不是 YYYY-MM-DD 日期", "is not a date of the form YYYY-MM-DD")
    return day
