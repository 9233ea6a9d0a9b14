"""Why a row was refused, in words for the clerk who can mend it: taken from the contract, never from a value.

for reason in reasons_of(dataset, ["citizen_number-citizen_number"]):
    print(reason.zh)
-> “公民身份号码”不是有效的公民身份号码 (位数、组成或校验位有误), 请对照原件更正
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registries.contracts.model import Dataset, RuleSpec
from registries.store import erasures

ERASED = erasures.RULE_ID
"""Why a row is refused whose key was erased: a rule of the law, and of no contract."""

_ERASED_WORDS = (
    "该主体的数据已依法删除 (个人信息保护法第四十七条), 请在来源系统中核实并停止交付",
    "the subject's data were erased as the law asks (PIPL, article 47); see to it at the source; stop delivering it",
)


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
    if ERASED in wanted:
        known += (Reason(ERASED, 1, *_ERASED_WORDS, dataset.key),)
    former = [rule_id for rule_id in former if rule_id != ERASED]
    return known + tuple(
        Reason(rule_id, 1, f"规则 {rule_id} 已不在现行数据契约中", f"rule {rule_id} is no longer in the contract", ())
        for rule_id in former
    )
