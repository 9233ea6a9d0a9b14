"""What of a subject may be erased, and why the rest stays: by contracts, open cases, other holders, unfinished batches.

found = erasure_plans.plan(conn, catalogue, subject, named=["human_resources.insured_persons"])
found.rows, found.kept, found.refusals
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.keeping_faults import KeptBecause
from registries.store import batches, digests, holdings
from registries.store.casework_tables import case, case_row
from registries.store.holdings import HeldRow, Place, Subject


@dataclass(frozen=True)
class Plan:
    """What of a subject would go.

    Attributes:
        scope: the datasets of which everything that is the subject's own goes.
        rows: per dataset the keys of the rows that go.
        kept: what stays, and why.
        refusals: what stands against the whole; nothing goes while there is any.
    """

    subject: Subject
    scope: tuple[Place, ...]
    rows: dict[str, frozenset[tuple[str, ...]]]
    kept: tuple[KeptBecause, ...]
    refusals: tuple[KeptBecause, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing of the subject stays."""
        return not self.kept


def plan(conn: sa.Connection, catalogue: Catalogue, subject: Subject, named: Sequence[str] = ()) -> Plan:
    """What of a subject may go: of datasets whose contracts allow it, and of those that are named."""
    places = holdings.places(catalogue, subject.register)
    scope = tuple(place for place in places if _policy(place.dataset, named) is None)
    going: set[tuple[str, tuple[str, ...]]] = set()
    staying: set[tuple[str, tuple[str, ...]]] = set()
    kept: dict[KeptBecause, None] = {}
    for row in holdings.rows(conn, catalogue, subject):
        because = _because(row, named)
        (going if because is None else staying).add((row.dataset.name, row.key))
        if because is not None:
            kept[because] = None
    frozen = _by_dataset(going - staying)  # of a key with other holders once, no version goes
    refusals = [*_refused_by_law(places, named), *_unfinished(conn, scope)]
    found = Plan(subject, scope, frozen, tuple(kept), ())
    refusals += _open_cases(conn, found)
    if not frozen and not refusals:
        refusals += list(kept) or [
            KeptBecause("nothing", "", "没有该主体的数据", "the hub holds nothing of this subject")
        ]
    return Plan(subject, scope, frozen, tuple(kept), tuple(refusals))


def _by_dataset(keys: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, frozenset[tuple[str, ...]]]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for name, key in keys:
        found.setdefault(name, set()).add(key)
    return {name: frozenset(each) for name, each in found.items()}


def _policy(dataset: Dataset, named: Sequence[str]) -> KeptBecause | None:
    """Why rows of a dataset stay, whoever they are about; None if they may go."""
    told = dataset.retention
    if told.erasure == "refused":
        words = (
            f"{dataset.title_zh} 依法保存: {told.legal_basis}",
            f"{dataset.name} is kept by law: {told.legal_basis}",
        )
        return KeptBecause("law", dataset.name, *words)
    if told.erasure == "allowed" or dataset.name in named:
        return None
    words = (
        f"{dataset.title_zh} 须点名删除 (--dataset {dataset.name})",
        f"{dataset.name} has to be named (--dataset {dataset.name})",
    )
    return KeptBecause("named", dataset.name, *words)


def _because(row: HeldRow, named: Sequence[str]) -> KeptBecause | None:
    name, title = row.dataset.name, row.dataset.title_zh
    if row.relation == "mention":
        words = (f"{title} 是其他主体的数据, 其中提到该主体", f"rows of {name} are about others and mention it")
        return KeptBecause("mention", name, *words)
    if row.relation == "shared":
        words = (f"{title} 中的证照另有持证人", f"certificates in {name} have other holders too")
        return KeptBecause("shared", name, *words)
    return _policy(row.dataset, named)


def _refused_by_law(places: Iterable[Place], named: Sequence[str]) -> Iterator[KeptBecause]:
    """A dataset that was named although the law keeps it, or that there is not."""
    known = {place.dataset.name: place for place in places}
    for name in named:
        if name not in known:
            words = (f"{name} 不含此类主体的数据", f"{name} holds nothing of such subjects")
            yield KeptBecause("named", name, *words)
        elif (because := _policy(known[name].dataset, named)) is not None:
            yield because


def _unfinished(conn: sa.Connection, scope: Sequence[Place]) -> Iterator[KeptBecause]:
    for place in scope:
        if batches.unfinished(conn, place.dataset.name) is not None:
            words = (f"{place.dataset.title_zh} 有批次正在归集", f"a batch of {place.dataset.name} is unfinished")
            yield KeptBecause("unfinished", place.dataset.name, *words)


def _open_cases(conn: sa.Connection, found: Plan) -> Iterator[KeptBecause]:
    """Somebody is just clarifying what these rows say: they are the evidence."""
    wanted = sa.select(case.c.number, case.c.dataset).distinct().join(case_row, case_row.c.case_number == case.c.number)
    wanted = wanted.where(case_row.c.state == "open", rows_of_cases(found))
    for row in conn.execute(wanted.order_by(case.c.number)):
        yield KeptBecause("case", row.dataset, f"工单 {row.number} 未办结", f"case {row.number} is open")


def rows_of_cases(found: Plan) -> sa.ColumnElement[bool]:
    """Rows of cases about the rows that would go, and about the subject in a register that those rows feed."""
    datasets = {place.dataset.name: place.dataset for place in found.scope}
    rows = [
        sa.and_(case.c.dataset == name, case_row.c.subject_digest.in_(key_digests(datasets[name], keys)))
        for name, keys in found.rows.items()
    ]
    feeding = {one.register.register for name, one in datasets.items() if one.register and name in found.rows}
    registers = [case_row.c.subject_digest.in_(register_digests(name, found.subject)) for name in sorted(feeding)]
    return sa.or_(sa.false(), *rows, *(sa.and_(case.c.cause == "conflict", one) for one in registers))


def key_digests(dataset: Dataset, keys: Iterable[tuple[str, ...]]) -> sa.Select[Any]:
    """The digests of row keys, as `digests.current_key` makes them of the rows; column `digest`."""
    names = [f"part_{place}" for place in range(len(dataset.key))]
    given = sa.values(*(sa.column(name, sa.Text) for name in names), name="row_keys").data(sorted(keys))
    parts = [sa.literal(dataset.name), *(given.c[name] for name in names)]
    return sa.select(digests.digest("key", parts).label("digest"))


def register_digests(register: str, subject: Subject) -> sa.Select[Any]:
    """The digests by which cases about a register's values know the subject."""
    given = sa.values(sa.column("key", sa.Text), name="subject_keys").data([(key,) for key in subject.keys])
    return sa.select(digests.digest("key", [sa.literal(f"register_{register}"), given.c.key]))
