"""Erasure of a subject where the law asks for it (PIPL, article 47), from the plan to the last landed file.

    eraser = Eraser(home, store_owner, catalogue, images)
    eraser.plan("population", "11010519491231002X")                # what would go, what stays and why
    eraser.erase("population", "11010519491231002X", why)          # ErasureRefused if something stands against it

One transaction takes what stands in the store; landed files follow, and a run that was cut short is finished by the
next one, or by the nightly `retention`.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from registries.compare.images import Images
from registries.departments import Catalogue
from registries.erased_files import blank_erased
from registries.home import HubHome
from registries.keeping_faults import ErasureRefused, KeptBecause
from registries.store import batches, erasing, erasure_plans, expiries, holdings, ledger
from registries.store.engine import Store
from registries.store.erasing import Erased, Why
from registries.store.erasure_plans import Plan

_LEAST = 2
"""Characters of a value by which a reason would name somebody; a sex or a code has one."""


class Eraser:
    """Erases subjects.

    Args:
        home: of the hub: where landed files are.
        store: as the owner sees it: bodies of the ledger are the owner's to erase.
        catalogue: the contracts in force.
        images: of what datasets hold, which are made anew.
    """

    def __init__(self, home: HubHome, store: Store, catalogue: Catalogue, images: Images) -> None:
        self._home = home
        self._store = store
        self._catalogue = catalogue
        self._images = images

    def plan(self, register: str, key: str, named: Sequence[str] = ()) -> Plan:
        """What would go; nothing is changed. UnknownSubject for what is no key."""
        with self._store.begin() as conn:
            return self._plan(conn, register, key, named)

    def erase(self, register: str, key: str, why: Why, named: Sequence[str] = ()) -> Erased:
        """Erase a subject.

        Args:
            register: whose subject it is.
            key: of the subject, one of them.
            why: for the record; its reason names nobody.
            named: datasets to erase beside those whose contracts allow it.

        Raises:
            ErasureRefused: something stands against it; nothing was erased.
            DatasetBusy: one of the datasets is just being taken in.
            KeepingBusy: another process is just expiring or erasing.
            LandingFailed: everything was erased but some landed files; the next run of `retention` goes on there.
        """
        with ExitStack() as held:
            held.enter_context(expiries.one_at_a_time(self._store))
            scope = [place.dataset for place in self.plan(register, key, named).scope]
            for dataset in scope:
                held.enter_context(batches.dataset_lock(self._store, dataset.name))
                self._images.forget(dataset)
            with self._store.begin() as conn:
                found = self._plan(conn, register, key, named)
                refusals = [*found.refusals, *self._bad_reason(conn, found, why.reason)]
                if refusals:
                    raise ErasureRefused(refusals)
                erased = erasing.erase(conn, found, why)
            for path in erased.files:
                Path(path).unlink(missing_ok=True)
            blank_erased(self._home, self._store, self._catalogue, why.now)
            with self._store.begin() as conn:
                ledger.sequence(conn)
        return erased

    def _plan(self, conn: sa.Connection, register: str, key: str, named: Sequence[str]) -> Plan:
        subject = holdings.subject_of(conn, self._catalogue.register(register), key)
        return erasure_plans.plan(conn, self._catalogue, subject, named)

    def _bad_reason(self, conn: sa.Connection, found: Plan, reason: str) -> list[KeptBecause]:
        """The reason stays in the record and in the ledger for ever: it must not say who it was."""
        if not reason.strip():
            return [KeptBecause("reason", "", "须填写理由", "a reason is needed")]
        telling = set(found.subject.keys)
        for row in holdings.rows(conn, self._catalogue, found.subject):
            personal = (column.name for column in row.dataset.stored_columns if column.personal)
            telling |= {value for name in personal if (value := row.values[name]) and len(value) >= _LEAST}
        if any(value in reason for value in telling):
            words = ("理由中含有该主体的个人信息", "the reason holds personal data of the subject")
            return [KeptBecause("reason", "", *words)]
        return []
