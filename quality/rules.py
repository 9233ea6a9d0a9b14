"""From a contract's rules to what can be executed: by row, by set, by batch. Unknown rules are refused here.

    rules = compile_rules(dataset, today)
    rules.row        # for expectations.evaluate, in one pass over each chunk
    rules.unique     # one set-based query each, in the store
    rules.reference  # likewise
    rules.whole      # for sql_rules.WholeBatch
    rules.batch      # for gate.failed

A rule is compiled before the first row is read: a misspelt one must not cost a delivery.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from certificates.china_time import CHINA
from quality.errors import RuleMisconfigured, UnknownRule
from quality.expectations import check_rule
from quality.gate import OF_HISTORY
from quality.predicates import PREDICATES
from quality.row_rules import OWN, RowRule
from quality.shares import inner
from quality.sql_rules import OF_COLUMNS, WholeRule, whole_rule
from registries.contracts.arguments import condition_in
from registries.contracts.conditions import columns_of_condition
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import Dataset, RuleSpec

_SET_RULES = {"unique": "mianzheng:unique", "reference": "mianzheng:reference"}
_GATE_RULES = OF_HISTORY | {"mianzheng:volume_drop", "mianzheng:share_refused", "expect_table_row_count_to_be_between"}
_LEFT_OUT = frozenset({"row_condition", "condition_parser", "mostly"})
_NUMERIC = frozenset({"integer", "number"})


@dataclass(frozen=True)
class Rules:
    """A dataset's rules by the way they are executed; every rule of the contract stands in exactly one.

    Attributes:
        row: judged by each row of a chunk; those of `shares` are among them.
        unique: one set-based query each, in the store.
        reference: likewise.
        whole: asked of all rows of the batch in the sandbox.
        shares: rules whose failing rows are counted, and decide about the batch.
        batch: judged at the gate, by what is known of the batch without its rows.
    """

    row: tuple[RowRule, ...]
    unique: tuple[RuleSpec, ...]
    reference: tuple[RuleSpec, ...]
    whole: tuple[WholeRule, ...]
    shares: tuple[RuleSpec, ...]
    batch: tuple[RuleSpec, ...]


def compile_rules(dataset: Dataset, today: date) -> Rules:
    """The rules of a contract, ready to run on the day `today`.

    Raises:
        UnknownRule: nobody has an expectation of that name and kind.
        RuleMisconfigured: its arguments don't fit.
    """
    whole = tuple(found for spec in dataset.rules if (found := _whole(spec)) is not None)
    asked = {found.spec.id for found in whole}
    shares = tuple(spec for spec in dataset.rules if spec.expectation == "mianzheng:share" and spec.id not in asked)
    row = tuple(_row_rule(dataset, spec, today) for spec in (*_of_kind(dataset, "row"), *shares))
    for rule in row:
        check_rule(rule)
    for kind, expectation in _SET_RULES.items():
        _demand(_of_kind(dataset, kind), frozenset({expectation}))
    _demand([spec for spec in _of_kind(dataset, "across") if spec.id not in asked], frozenset())
    counted = {spec.id for spec in shares}
    gate = tuple(spec for spec in _of_kind(dataset, "batch") if spec.id not in asked | counted)
    _demand(gate, _GATE_RULES | OF_COLUMNS)
    unique, reference = tuple(_of_kind(dataset, "unique")), tuple(_of_kind(dataset, "reference"))
    return Rules(row, unique, reference, whole, shares, gate)


def day_of(moment: datetime) -> date:
    """The calendar day, for the departments, of a moment with a time zone."""
    return moment.astimezone(CHINA).date()


def _of_kind(dataset: Dataset, kind: str) -> Iterable[RuleSpec]:
    return [spec for spec in dataset.rules if spec.kind == kind]


def _whole(spec: RuleSpec) -> WholeRule | None:
    try:
        return whole_rule(spec) if spec.kind in {"across", "batch"} else None
    except (KeyError, TypeError):
        raise RuleMisconfigured(spec.id, spec.expectation) from None


def _row_rule(dataset: Dataset, spec: RuleSpec, today: date) -> RowRule:
    expectation, given = inner(spec) if spec.expectation == "mianzheng:share" else (spec.expectation, spec.arguments)
    arguments = {name: value for name, value in given.items() if name not in _LEFT_OUT}
    predicate = PREDICATES.get(expectation.removeprefix(OWN))
    if expectation.startswith(OWN) and predicate is not None and predicate.on_the_day:
        arguments["today"] = today.isoformat()
    condition = condition_in(given)
    about = set(columns_of_condition(condition or ())) - set(_named(expectation, given))
    columns = tuple(name for name in dict.fromkeys(spec.columns) if name not in about)
    return RowRule(spec.id, expectation, arguments, columns, _numbers(dataset, expectation, given, columns), condition)


def _named(expectation: str, given: Mapping[str, object]) -> list[str]:
    """The columns that a rule is about, besides those of its condition."""
    known = EXPECTATIONS.get(expectation)
    values = [given.get(name) for name in known.columns] if known else []
    return [str(name) for value in values for name in (value if isinstance(value, list) else [value])]


def _numbers(
    dataset: Dataset, expectation: str, given: Mapping[str, object], columns: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """The columns that are compared as numbers, with their types: not where the contract itself lists texts."""
    known = EXPECTATIONS.get(expectation)
    listed = given.get("value_set")
    if known is None or not known.typed or (isinstance(listed, list) and isinstance(listed[0], str)):
        return ()
    kinds = {column.name: column.logical_type for column in dataset.columns}
    return tuple((name, kinds[name]) for name in columns if kinds.get(name) in _NUMERIC)


def _demand(specs: Iterable[RuleSpec], known: frozenset[str]) -> None:
    for spec in specs:
        if spec.expectation not in known:
            raise UnknownRule(spec.id, spec.expectation)
        if spec.kind in _SET_RULES and not spec.columns:
            raise RuleMisconfigured(spec.id, spec.expectation)
