"""Small contracts made in Python, for tests about the form of pipelines; the real ones are loaded by name."""

import datetime as dt
from types import SimpleNamespace

from registries.contracts.model import Column, Dataset, RegisterRole, RuleSpec, Server, Sharing, Sla
from registries.departments import Catalogue, Department, load_catalogue


def rule(rule_id: str, **changes: object) -> RuleSpec:
    """A rule: of level 1 and kind `row` unless told otherwise."""
    given: dict[str, object] = {
        "id": rule_id,
        "level": 1,
        "dimension": "accuracy",
        "indicator": "0302",
        "kind": "row",
        "expectation": "expect_column_values_to_not_be_null",
        "arguments": {"column": "code"},
        "columns": ("code",),
        "zh": "代码缺失",
        "en": "the code is missing",
        "version": "1",
    }
    return RuleSpec(**(given | changes))  # type: ignore[arg-type]  # a test's shorthand


def refers_to(**target: str) -> RuleSpec:
    """A reference rule to a register or a dataset."""
    arguments = {"column": "code", "target_column": "code", **target}
    return rule("known", kind="reference", expectation="mianzheng:reference", arguments=arguments)


def dataset(name: str, *rules: RuleSpec, register: str | None = None, files: bool = False) -> Dataset:
    """A dataset with one column."""
    server = Server("drops", "files", pattern="*.csv") if files else Server("systems", "database", table="t")
    return Dataset(
        name=name,
        department=name.split(".", maxsplit=1)[0],
        contract_id=name,
        contract_version="1.0.0",
        title_zh="表",
        title_en="table",
        columns=(Column("code", "代码", key=True),),
        key=("code",),
        rules=rules,
        server=server,
        sla=Sla(1, 2, "0 2 * * *"),
        sharing=Sharing("无条件共享"),
        register=RegisterRole(register, "code", {}) if register else None,
    )


def catalogue(*datasets: Dataset) -> Catalogue:
    """A catalogue of these datasets and their departments."""
    ids = sorted({each.department for each in datasets})
    since = dt.date(2018, 1, 1)
    departments = tuple(Department(each, "局", "bureau", "440500", "市", since) for each in ids)
    return Catalogue(departments, datasets, load_catalogue().registers)


NOTHING = dict.fromkeys(
    ("pulled", "accepted", "quarantined", "held", "new", "changed", "unchanged", "deleted", "repeated", "vanished"), 0
)


def outcome(name: str, state: str = "done", *scores: tuple[str, int, int], **counts: int) -> SimpleNamespace:
    """What an intake says: counts, and scores as (rule, checked, failed)."""
    return SimpleNamespace(
        dataset=name,
        batch=None if state == "nothing_new" else 7,
        state=state,
        counts=SimpleNamespace(**(NOTHING | counts)),
        scores=tuple(SimpleNamespace(rule_id=rule_id, checked=c, failed=f) for rule_id, c, f in scores),
    )


class SaidBefore:
    """A hub whose intake says what a test wants it to say."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def take_in(self, name: str) -> list[object]:
        self.asked.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, list) else [answer]
