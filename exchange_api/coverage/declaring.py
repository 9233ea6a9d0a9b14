"""A department declares how many certificates of a type it issued in a year: what coverage is measured against.

    declaring = Declaring(store_page, contracts, clock)
    declaring.declare(session, "11100000MB0143028R001", "2025", "18204")
    declaring.standing(session)          # the latest word for each type and year, and what the hub holds

Only types that the department publishes; the latest word counts, every word stays, and stands in the ledger.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from certificates.china_time import CHINA
from exchange_api.coverage.errors import DeclarationRefused
from exchange_api.people.signed_in import Session
from registries.departments import Catalogue
from registries.store import dashboard_reads, declaring
from registries.store.dashboard_reads import CoverageLine
from registries.store.declaring import Declared
from registries.store.engine import Store

EARLIEST: Final = 1949
_MOST: Final = 10**10
_DIGITS: Final = 11


class Standing(NamedTuple):
    """One type and year of a department; `declared`, `by` and `at` are None where nothing was declared."""

    line: CoverageLine
    by: str | None
    at: datetime | None


class Declaring:
    """What publishers declare; `store_page` reads counts and writes declarations."""

    def __init__(self, store_page: Store, contracts: Callable[[], Catalogue], clock: Callable[[], datetime]) -> None:
        self._store = store_page
        self._contracts = contracts
        self._clock = clock

    def types(self, session: Session) -> tuple[str, ...]:
        """The certificate types that the session's department publishes, by code."""
        own = self._contracts().of_department(session.department)
        return tuple(sorted({one.certificate.type_code for one in own if one.certificate is not None}))

    def declare(self, session: Session, certificate_type: str, year: str, issued: str) -> Declared:
        """Write a declaration down.

        Raises:
            DeclarationRefused: not a type of the department, a year that has not begun, or no count.
        """
        if certificate_type not in self.types(session):
            raise DeclarationRefused("type", "证照类型", "the certificate type")
        now = self._clock()
        told_year = _number(year)
        if told_year is None or not EARLIEST <= told_year <= now.astimezone(CHINA).year:
            raise DeclarationRefused("year", "年份", "the year")
        told_issued = _number(issued)
        if told_issued is None or told_issued > _MOST:
            raise DeclarationRefused("issued", "签发数", "the number of certificates")
        said = Declared(certificate_type, session.department, told_year, told_issued)
        with self._store.begin() as conn:
            declaring.declare(conn, said, session.login, now)
        return said

    def standing(self, session: Session, since_year: int = 2000) -> list[Standing]:
        """The department's types and years, latest first, as the worker last counted them."""
        with self._store.begin() as conn:
            lines = dashboard_reads.coverage(conn, since_year)
            told = dashboard_reads.declared(conn, session.department)
        said = {(kind, year): (by, at) for kind, year, _, by, at in told}
        own = [line for line in lines if line.department == session.department and line.year]
        return [Standing(line, *said.get((line.certificate_type, line.year), (None, None))) for line in own]


def _number(text: str) -> int | None:
    """A whole number as people write it; None for anything else."""
    plain = text.strip().replace(",", "").replace("，", "")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= _DIGITS else None
