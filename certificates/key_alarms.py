"""Alarms about keys that should be replaced: from the first day they are counted, so that nobody is surprised.

Example:
    >>> from datetime import UTC, datetime
    >>> from certificates.key_states import KeyPurpose, KeyStatus
    >>> state = KeyState("a", KeyPurpose.RECEIPT, "ES256", KeyStatus.ACTIVE, 0, signs_from=0, expires_at=86_400 * 30)
    >>> [alarm.days_left for alarm in key_alarms((state,), KeyRules(), datetime(1970, 1, 1, tzinfo=UTC))]
    [30]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from certificates.key_states import KeyPurpose, KeyRules, KeyState, KeyStatus, of_purpose

_DAY = 86_400
_PURPOSES = {
    KeyPurpose.RECEIPT: ("回执签名密钥", "the key for receipts"),
    KeyPurpose.CHECKPOINT: ("存证日志密钥", "the key for checkpoints"),
    KeyPurpose.CHECKPOINT_SM2: ("存证日志国密密钥", "the SM2 key for checkpoints"),
    KeyPurpose.CREDENTIAL: ("凭证签名密钥", "the key for credentials"),
    KeyPurpose.STATUS: ("状态列表密钥", "the key for status lists"),
    KeyPurpose.DOCUMENT: ("文件标记密钥", "the key for documents"),
    KeyPurpose.MESSAGE: ("变更通知签名密钥", "the key for messages"),
    KeyPurpose.ROOT: ("信任根", "the trust root"),
}


@dataclass(frozen=True)
class KeyAlarm:
    """A key whose time is nearly over, or over.

    Attributes:
        days_left: Whole days until it should have been replaced; negative when that is past.
        prepared: Whether the next key is published already.
    """

    purpose: KeyPurpose
    kid: str
    days_left: int
    prepared: bool

    @property
    def overdue(self) -> bool:
        """Whether the key should have been replaced already."""
        return self.days_left < 0

    @property
    def zh(self) -> str:
        """What is the matter and what to do, in Chinese."""
        name = _PURPOSES[self.purpose][0]
        when = f"已超期 {-self.days_left} 天" if self.overdue else f"{self.days_left} 天后到期"
        return f"{name}{when}。请运行 mianzheng keys {self._command}。"

    @property
    def en(self) -> str:
        """The same in English."""
        name = _PURPOSES[self.purpose][1].capitalize()
        when = f"is {-self.days_left} days overdue" if self.overdue else f"expires in {self.days_left} days"
        return f"{name} {when}; run mianzheng keys {self._command}."

    @property
    def _command(self) -> str:
        if self.prepared or self.overdue:
            return f"rotate {self.purpose}"
        return f"prepare {self.purpose}"


def key_alarms(states: Sequence[KeyState], rules: KeyRules, now: datetime) -> list[KeyAlarm]:
    """The active keys that should be replaced within ``rules.warn_before``, or should have been; soonest first."""
    moment, kept = int(now.timestamp()), tuple(states)
    warn = int(rules.warn_before.total_seconds())
    due = [
        KeyAlarm(
            state.purpose,
            state.kid,
            (state.expires_at - moment) // _DAY,
            of_purpose(kept, state.purpose, KeyStatus.COMING) is not None,
        )
        for state in kept
        if state.status == KeyStatus.ACTIVE and state.purpose in _PURPOSES
        if state.expires_at is not None and state.expires_at - moment < warn
    ]
    return sorted(due, key=lambda alarm: alarm.days_left)
