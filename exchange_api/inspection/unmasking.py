"""Unmasking: one attribute of one subject in clear, as an act of its own, with a reason, counted and logged.

    unmasking = Unmasking(parts.store_page, parts.clock, parts.catalogue)
    shown = unmasking.show(session, register, key, "address", "电话核实住址")
    shown.decisions[0].said.value

Everything else of the subject stays masked, by PostgreSQL. Who may come here has confirmed who they are just now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.contracts.model import Register
from registries.departments import Catalogue
from registries.inspection_faults import InspectionRefused
from registries.store import inspections, subject_versions
from registries.store.engine import Store
from registries.store.explaining import explain
from registries.store.explanations import Decision
from registries.store.points_in_time import Moment
from registries.store.subject_versions import Looking


@dataclass(frozen=True)
class Unmasked:
    """What was shown: who decides the attribute and what others say; `access` is its number in the records."""

    decisions: tuple[Decision, ...]
    access: int


@dataclass(frozen=True)
class Unmasking:
    """Shows values that pages mask."""

    store_page: Store
    clock: Callable[[], datetime]
    catalogue: Catalogue

    def show(self, session: Session, register: Register, key: str, attribute: str, reason: str) -> Unmasked:
        """One attribute of a subject, as it stands now.

        Raises:
            InspectionRefused: no reason, no readable key, no such attribute, or the account's budget is spent.
        """
        if not reason.strip():
            raise InspectionRefused("reason")
        known = {one.name for one in register.attributes}
        if attribute not in known or not subject_versions.key_form(register, key):
            raise InspectionRefused("subject")
        looking = Looking(session.login, reason.strip(), self.clock(), values=True)
        now = Moment()
        with Transaction(self.store_page) as work, inspections.refusals():
            access = subject_versions.open_access(work.conn, register, key, looking)
            found = explain(
                work.conn,
                self.catalogue,
                register,
                access,
                now,
                read=lambda dataset: subject_versions.read_clear(work.conn, dataset, access, now, attribute),
                attribute=attribute,
            )
        return Unmasked(found.decisions, access.number)
