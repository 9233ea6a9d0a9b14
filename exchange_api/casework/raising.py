"""Cases that people raise: a steward about rows or columns of a dataset, a window for somebody who objects.

raising.by_steward(session, "civil_affairs.marriages", 12, (3, 8), about, today)        # rows that were refused
raising.on_row(session, "civil_affairs.marriages", ("J440500-2026-000001",), about, today).rows    # masked
with Transaction(store_page) as work:
made = raise_objection(work, Objection(dataset, attribute, key=(number,)), step, now, due)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa

from exchange_api.casework import reasons
from exchange_api.casework.errors import ActIncomplete, NothingToRaise
from exchange_api.errors import NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_words import SealedWords
from exchange_api.transactions import Transaction
from registries.canonical import canonical_column
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import case_steps, casework
from registries.store.case_steps import NewStep
from registries.store.casework import Raised, RaisedCase, RaisedOnRows
from registries.store.engine import Store


@dataclass(frozen=True)
class Objection:
    """What a citizen says is wrong.

    Attributes:
        dataset: whose department has to check it.
        attribute: of the register, or the dataset's column; None: the record as a whole.
        register, subject: the subject's key in a register, where the record is known by it.
        key: of the record, in the order of the dataset's key, where that is known.
        certificate_number: where the record is a certificate: its verdict tells of the case.
    """

    dataset: str
    attribute: str | None
    register: str | None = None
    subject: str | None = None
    key: tuple[str, ...] | None = None
    certificate_number: str | None = None


@dataclass(frozen=True)
class Filing:
    """Who files an objection: `note`, the statement, is sealed."""

    login: str
    department: str
    note: bytes | None = None


def raise_objection(work: Transaction, objection: Objection, filing: Filing, now: datetime, due: date) -> RaisedCase:
    """Hand an objection to the department that can check it, in the caller's transaction; its case.

    Args:
        work: of the role hub_page or hub_api.
        objection: about what.
        filing: by whom.
        now: for the record.
        due: the last day of the answer.

    Raises:
        NothingToRaise: neither a subject nor a record was named, or the dataset is unknown.
    """
    raised = Raised(
        "objection",
        "verification",
        objection.dataset,
        register=objection.register,
        attribute=objection.attribute,
        keys=() if objection.key is None else (objection.key,),
        subjects=() if objection.subject is None or objection.register is None else (objection.subject,),
        certificate_number=objection.certificate_number,
    )
    return _raise(work, raised, filing, "objection", now, due)


@dataclass(frozen=True)
class About:
    """What a steward says of rows.

    Attributes:
        rule_id, attribute: one of both: a rule or a column of the dataset.
        reason: of `reasons.RAISE`.
        note: is sealed.
    """

    rule_id: str | None
    attribute: str | None
    reason: str
    note: str = ""


class Raising:
    """What stewards raise.

    Args:
        store_page: opens the case.
        due: the day by which a department has to answer what is raised on a day.
    """

    def __init__(
        self,
        store_page: Store,
        catalogue: Callable[[], Catalogue],
        words: SealedWords,
        clock: Callable[[], datetime],
        due: Callable[[date], date],
    ) -> None:
        self._store = store_page
        self._catalogue = catalogue
        self._words = words
        self._clock = clock
        self._due = due

    def by_steward(
        self, session: Session, dataset: str, batch: int, rows: tuple[int, ...], about: About, today: date
    ) -> RaisedCase:
        """Raise a case about refused rows of a batch.

        Raises:
            ActIncomplete: no reason of the list, or neither rule nor column.
            NothingToRaise: none of the rows is known.
            NotFound: no such dataset.
        """
        self._dataset(dataset, about)
        raised = replace(_raised(dataset, about), refused=tuple((batch, row) for row in rows))
        with Transaction(self._store) as work:
            return _raise(work, raised, self._filing(session, about), about.reason, self._clock(), self._due(today))

    def on_row(self, session: Session, dataset: str, key: tuple[str, ...], about: About, today: date) -> RaisedOnRows:
        """Raise a case about a row as it stands now, which comes back masked.

        Args:
            session: the steward's.
            dataset: of the row.
            key: the values of its key's columns, in order; or a certificate's number alone: then all rows of it.
            about: what is wrong.
            today: from which the deadline counts.

        Raises:
            ActIncomplete: no reason of the list, neither rule nor column, or no value for each column of the key.
            NothingToRaise: no such row stands there.
            NotFound: no such dataset.
        """
        found = self._dataset(dataset, about)
        number = None if found.certificate is None else found.certificate.number
        names = found.key if len(key) == len(found.key) else (number,) if number is not None else ()
        if len(names) != len(key):
            raise ActIncomplete(f"主键的值，依次为：{'、'.join(found.key)}", f"the key: {', '.join(found.key)}")
        named = {name: _canonical(found, name, text) for name, text in zip(names, key, strict=True)}
        now = self._clock()
        with Transaction(self._store) as work:
            told = (_raised(dataset, about), named, number, now, self._due(today))
            made = casework.raise_on_rows(work.conn, *told)
            if made is None:
                raise NothingToRaise
            _step(work, made.case, self._filing(session, about), about.reason, now)
            return made

    def _dataset(self, name: str, about: About) -> Dataset:
        """The dataset, if what is said of it can be said."""
        if about.reason not in reasons.RAISE or (about.rule_id is None) == (about.attribute is None):
            raise ActIncomplete("理由，以及规则或字段之一", "a reason, and either a rule or a column")
        if name not in self._catalogue():
            raise NotFound("数据资源", "dataset")
        found = self._catalogue().dataset(name)
        known = {rule.id for rule in found.rules} | {column.name for column in found.columns}
        if (about.rule_id or about.attribute) not in known:
            raise ActIncomplete("该数据资源的规则或字段", "a rule or a column of the dataset")
        return found

    def _filing(self, session: Session, about: About) -> Filing:
        sealed = self._words.sealed(about.note.strip()) if about.note.strip() else None
        return Filing(session.login, session.department, sealed)


def _raised(dataset: str, about: About) -> Raised:
    return Raised("steward", "rectification", dataset, rule_id=about.rule_id, attribute=about.attribute)


def _canonical(dataset: Dataset, name: str, text: str) -> str:
    """What was typed, in the form that the store has."""
    found: str | None = canonical_column(pa.array([text], pa.string()), dataset.column(name))[0].as_py()
    return found or ""


def _raise(work: Transaction, raised: Raised, filing: Filing, reason: str, now: datetime, due: date) -> RaisedCase:
    made = casework.raise_case(work.conn, raised, now, due)
    if made is None:
        raise NothingToRaise
    _step(work, made, filing, reason, now)
    return made


def _step(work: Transaction, made: RaisedCase, filing: Filing, reason: str, now: datetime) -> None:
    """The step that opens a case, if it was not open before."""
    if made.is_new:
        step = NewStep(made.number, "opened", filing.login, filing.department, reason, filing.note)
        case_steps.take(work.conn, [step], now)
