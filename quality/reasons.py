"""Why a row was refused, in words for the clerk who can mend it: taken from the contract, never from a value.

for reason in reasons_of(dataset, ["citizen_number-citizen_number"]):
    print(reason.zh)
-> “公民身份号码”不是有效的公民身份号码 (位数、组成或校验位有误), 请对照原件更正
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registries.contracts.model import Dataset, RuleSpec


@dataclass(frozen=True)
class Reason:
    """One reason: the rule, what is wrong and how to mend it, and the columns to look at."""

    rule_id: str
    level: int
    zh: str
    en: str
    columns: tuple[str, ...]


def reason(rule: RuleSpec) -> Reason:
    """The reason that a failed rule gives."""
    return Reason(rule.id, rule.level, rule.zh, rule.en, rule.columns)


def reasons_of(dataset: Dataset, rule_ids: Iterable[str]) -> tuple[Reason, ...]:
    """Reasons in the contract's order of rules; a rule that a newer contract no longer has says so itself."""
    wanted = set(rule_ids)
    known = tuple(reason(rule) for rule in dataset.rules if rule.id in wanted)
    former = sorted(wanted - {rule.id for rule in dataset.rules})
    return known + tuple(
        Reason(rule_id, 1, f"规则 {rule_id} 已不在现行数据契约中", f"rule {rule_id} is no longer in the contract", ())
        for rule_id in former
    )
