"""From a contract's rules to what can be executed: by row, by set, by batch. Unknown rules are refused here.

    rules = compile_rules(dataset, today)
    rules.row        # for expectations.evaluate, in one pass over each chunk
    rules.unique     # one set-based query each, in the store
    rules.reference  # likewise
    rules.batch      # for gate.judge

A rule is compiled before the first row is read: a misspelt one must not cost a delivery.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from quality.errors import RuleMisconfigured, UnknownRule
from quality.expectations import OWN, RowRule, check_rule
from quality.predicates import PREDICATES
from registries.contract_model import Dataset, RuleSpec

CHINA_STANDARD_TIME = timezone(timedelta(hours=8))
"""Departments' days are days in this zone, wherever the hub's clock runs."""

_SET_RULES = {"unique": "mianzheng:unique", "reference": "mianzheng:reference"}
_BATCH_RULES = frozenset(
    {"mianzheng:volume_drop", "mianzheng:share_refused", "expect_table_row_count_to_be_between"},
)


@dataclass(frozen=True)
class Rules:
    """A dataset's rules by the way they are executed; every rule of the contract stands in exactly one."""

    row: tuple[RowRule, ...]
    unique: tuple[RuleSpec, ...]
    reference: tuple[RuleSpec, ...]
    batch: tuple[RuleSpec, ...]


def compile_rules(dataset: Dataset, today: date) -> Rules:
    """The rules of a contract, ready to run on the day `today`.

    Raises:
        UnknownRule: nobody has an expectation of that name and kind.
        RuleMisconfigured: its arguments don't fit.
    """
    row = tuple(_row_rule(spec, today) for spec in _of_kind(dataset, "row"))
    for rule in row:
        check_rule(rule)
    for kind, expectation in _SET_RULES.items():
        _demand(_of_kind(dataset, kind), frozenset({expectation}))
    _demand(_of_kind(dataset, "batch"), _BATCH_RULES)
    return Rules(
        row,
        tuple(_of_kind(dataset, "unique")),
        tuple(_of_kind(dataset, "reference")),
        tuple(_of_kind(dataset, "batch")),
    )


def day_of(moment: datetime) -> date:
    """The calendar day, for the departments, of a moment with a time zone."""
    return moment.astimezone(CHINA_STANDARD_TIME).date()


def _of_kind(dataset: Dataset, kind: str) -> Iterable[RuleSpec]:
    return [spec for spec in dataset.rules if spec.kind == kind]


def _row_rule(spec: RuleSpec, today: date) -> RowRule:
    arguments = dict(spec.arguments)
    predicate = PREDICATES.get(spec.expectation.removeprefix(OWN))
    if spec.expectation.startswith(OWN) and predicate is not None and predicate.on_the_day:
        arguments["today"] = today.isoformat()
    return RowRule(spec.id, spec.expectation, arguments, tuple(dict.fromkeys(spec.columns)))


def _demand(specs: Iterable[RuleSpec], known: frozenset[str]) -> None:
    for spec in specs:
        if spec.expectation not in known:
            raise UnknownRule(spec.id, spec.expectation)
        if spec.kind != "batch" and not spec.columns:
            raise RuleMisconfigured(spec.id, spec.expectation)
