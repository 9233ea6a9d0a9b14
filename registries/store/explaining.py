"""Why the hub says of a subject what it says: which department, dataset, batch and rule decided each value.

    found = explain(conn, catalogue, register, access, Moment(as_of=day, known_at=then))
    found.decisions[0].said.dataset, found.decisions[0].said.batch, found.decisions[0].others

Values are masked by the database; a loader that shows them gives `values_of` for reading. The rule is that of the
registers' views: the first dataset by precedence that has a value decides it (一数一源), of several rows of one dataset
the latest, a former key's rows where the present key has none of its own. Where it stands in what was landed tells
`landed_search`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from registries.catalogue_faults import precedence
from registries.contracts.model import Dataset, Register, RegisterRole
from registries.departments import Catalogue
from registries.store import subject_versions
from registries.store.explanations import BatchFacts, CaseLine, Decision, Explanation, History, RefusedRow, Said
from registries.store.keeping_tables import expiry
from registries.store.ordering import VANISHED
from registries.store.points_in_time import Moment
from registries.store.registers import by_precedence
from registries.store.subject_versions import Access, Version
from registries.store.tables import batch as batch_row
from registries.store.tables import finding

Read = Callable[[Dataset], Sequence[Version]]


def explain(
    conn: sa.Connection,
    catalogue: Catalogue,
    register: Register,
    access: Access,
    moment: Moment,
    read: Read | None = None,
    attribute: str | None = None,
) -> Explanation:
    """Explain a subject, or one attribute of it.

    Args:
        conn: of the transaction that opened `access`.
        catalogue: whose contracts say who decides.
        register: the one that the subject is of.
        access: as it was written down.
        moment: on both axes.
        read: gives a dataset's versions with their values; masked ones by default.
        attribute: only this one of the register; None: all.
    """
    give = read or (lambda dataset: subject_versions.read(conn, dataset, access, moment))
    members = catalogue.of_register(register.id)
    found = {member.name: tuple(give(member)) for member in members}
    names = [one.name for one in register.attributes if attribute in {None, one.name}]
    decisions = tuple(each for name in names for each in _decided(register, members, name, found))
    refused = tuple(row for member in members for row in _refused(conn, member, access, moment))
    cases = tuple(line for member in members for line in _cases(conn, member, register, access))
    numbers = {number for versions in found.values() for one in versions for number in (one.since, one.until) if number}
    return Explanation(
        register=register.id,
        as_of=moment.as_of,
        known_at=moment.known_at,
        keys=tuple(subject_versions.masked_keys_at(conn, access, moment)),
        decisions=decisions,
        histories=tuple(_history(conn, member, found[member.name]) for member in members if found[member.name]),
        refused=refused,
        cases=cases,
        batches=_batches(conn, catalogue, numbers | {row.batch for row in refused}),
    )


# --- who decides


def _decided(
    register: Register, members: Sequence[Dataset], attribute: str, found: Mapping[str, Sequence[Version]]
) -> Iterable[Decision]:
    """One decision of a merged register; of the others each row stands for itself."""
    if not register.merged:
        for member in members:
            for version in found[member.name]:
                if attribute in _role(member).attributes and _counts(member, version):
                    said = _said(member, attribute, version, found[member.name])
                    yield Decision(attribute, said, ())
        return
    offers = []
    for member in by_precedence(members, attribute):
        offered = _offered(member, found[member.name])
        if offered is not None:
            offers.append((member, offered))
    if offers:
        yield _first_with_value(attribute, offers, found)


def _first_with_value(
    attribute: str, offers: Sequence[tuple[Dataset, Version]], found: Mapping[str, Sequence[Version]]
) -> Decision:
    said = [_said(member, attribute, version, found[member.name]) for member, version in offers]
    tokens = [version.same[_role(member).attributes[attribute]] for member, version in offers]
    first = next((place for place, token in enumerate(tokens) if token is not None), None)
    if first is None:
        return Decision(attribute, None, tuple(said))
    others = tuple(
        replace(one, agrees=None if token is None else token == tokens[first])
        for place, (one, token) in enumerate(zip(said, tokens, strict=True))
        if place != first
    )
    return Decision(attribute, said[first], others)


def _offered(dataset: Dataset, versions: Sequence[Version]) -> Version | None:
    """The row that a dataset gives: the subject's own, or one under a former key; of several the latest."""
    counting = [version for version in versions if _counts(dataset, version)]
    own = [version for version in counting if not version.former] or counting
    latest = max((version.since for version in own), default=0)
    return next((version for version in own if version.since == latest), None)  # they come in the order of keys


def _counts(dataset: Dataset, version: Version) -> bool:
    gone = dataset.certificate is not None and version.mark == VANISHED  # others may only be misspelt
    return version.holds and not gone


def _said(dataset: Dataset, attribute: str, version: Version, versions: Sequence[Version]) -> Said:
    role = _role(dataset)
    column = role.attributes[attribute]
    return Said(
        dataset.name,
        dataset.department,
        column,
        version.values[column],
        precedence(role, attribute),
        version.since,
        _value_since(column, version, versions),
        version.mark,
        version.former,
        True if version.same[column] is not None else None,
    )


def _value_since(column: str, version: Version, versions: Sequence[Version]) -> int:
    """The batch that brought the value: the row may have changed since in other columns."""
    before = {one.until: one for one in versions if one.row_key == version.row_key and one.until is not None}
    since = version.since
    while since in before and before[since].same[column] == version.same[column]:
        since = before[since].since
    return since


def _role(dataset: Dataset) -> RegisterRole:
    if dataset.register is None:
        raise LookupError(dataset.name)
    return dataset.register


# --- what stands beside


def _refused(conn: sa.Connection, dataset: Dataset, access: Access, moment: Moment) -> Iterable[RefusedRow]:
    for number, row_number, outcome in subject_versions.refused(conn, dataset, access, moment):
        wanted = sa.select(finding.c.rule_id).where(
            finding.c.batch == number, finding.c.row_number == row_number, finding.c.level == 1
        )
        rules = tuple(conn.execute(wanted.order_by(finding.c.rule_id)).scalars())
        yield RefusedRow(dataset.name, number, row_number, outcome, rules)


def _cases(conn: sa.Connection, dataset: Dataset, register: Register, access: Access) -> Iterable[CaseLine]:
    for row in subject_versions.cases(conn, dataset, register, access):
        told = (row.kind, row.cause, row.rule_id, row.attribute, row.state, row.opened_batch, row.opened_at)
        yield CaseLine(row.number, dataset.name, *told)


def _history(conn: sa.Connection, dataset: Dataset, versions: Sequence[Version]) -> History:
    gone = sa.select(sa.func.max(expiry.c.batch)).where(
        expiry.c.what == "history", expiry.c.dataset == dataset.name, expiry.c.state == "done", expiry.c.count > 0
    )
    before = conn.execute(gone).scalar_one_or_none()
    return History(dataset.name, dataset.department, dataset.valid_time is not None, tuple(versions), before)


def _batches(conn: sa.Connection, catalogue: Catalogue, numbers: Iterable[int]) -> dict[int, BatchFacts]:
    gone = expiry.alias()
    on = sa.and_(gone.c.what == "landed", gone.c.batch == batch_row.c.number, gone.c.state == "done")
    wanted = (
        sa.select(batch_row, gone.c.done_at.label("expired"), gone.c.rule.label("rule"))
        .outerjoin(gone, on)
        .where(batch_row.c.number.in_(sorted(numbers)))
        .order_by(batch_row.c.number)
    )
    return {row.number: _facts(catalogue, row) for row in conn.execute(wanted)}


def _facts(catalogue: Catalogue, row: sa.Row[Any]) -> BatchFacts:
    kept = (row.taken_over_at, row.deliverer, row.contract_version, row.landed_digest, row.landed)
    department = catalogue.dataset(row.dataset).department
    return BatchFacts(row.number, row.dataset, department, *kept, row.expired, row.rule)
