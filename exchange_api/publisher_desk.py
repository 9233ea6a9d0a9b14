"""What a department that publishes finds on its desk: how it stands among others, its cases, replies to its files.

    desk.standing(session)                      # rank, median of the others, grade
    desk.cases(session)                         # how many are open, and those that are due first
    desk.replies(session, before=None)          # receipts of what came through its drop folders
    desk.reply_file(session, 7, "refused")

Everything is the session's own department's: for anything else the answer is the same as for what does not exist. Of
others it learns a rank and a median, and no name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final, Literal

from certificates.china_time import CHINA
from exchange_api.errors import NotFound
from exchange_api.publishing import Download
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from quality.grades import Cell, Grade, department_grade, median, rank_of
from registries.departments import Catalogue
from registries.landing_faults import LandedMissing
from registries.outgoing import Outgoing, kept_as
from registries.store import cases, delivery_replies, scores
from registries.store.cases import Card, Case, Figures
from registries.store.delivery_replies import Reply
from registries.store.engine import Store
from registries.store.scores import ScoreLine
from registries.working_days import WorkingDays

FIRST_CASES: Final = 5
MOST_CASES: Final = 200
"""So many open cases are looked at for those that are due first."""
REPLIES_A_PAGE: Final = 20
Which = Literal["receipt", "refused"]
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Standing:
    """A department among all that publish; None where nothing was judged.

    Attributes:
        rank: from 1; equal ones share it. of: how many have a score.
        median: of the others' totals, from 0 to 1.
        grades: of each of its own datasets.
    """

    grade: Grade
    rank: int | None
    of: int
    median: Fraction | None
    grades: dict[str, Grade]


@dataclass(frozen=True)
class DeskCase:
    """An open case with its card."""

    case: Case
    card: Card | None


@dataclass(frozen=True)
class DeskCases:
    """Cases that the department has to mend: counted, and those that are due first."""

    figures: Figures | None
    first: tuple[DeskCase, ...]


class PublisherDesk:
    """Reads as the role hub_page; `out` holds replies that could not be written where their files came from."""

    def __init__(
        self,
        store_page: Store,
        out: Outgoing,
        contracts: Callable[[], Catalogue],
        calendar: WorkingDays,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store_page
        self._out = out
        self._contracts = contracts
        self._calendar = calendar
        self._clock = clock

    def standing(self, session: Session) -> Standing:
        """How the department's data stand now, by what is served."""
        with Transaction(self._store) as work:
            lines = scores.current_scores(work.conn)
        cells = _cells(lines)
        grades = {name: department_grade(list(datasets.values())) for name, datasets in cells.items()}
        totals = {name: grade.total for name, grade in grades.items() if grade.total is not None}
        own = totals.get(session.department)
        return Standing(
            grades.get(session.department, department_grade([])),
            None if own is None else rank_of(own, totals.values()),
            len(totals),
            median(total for name, total in totals.items() if name != session.department),
            {name: department_grade([found]) for name, found in cells.get(session.department, {}).items()},
        )

    def cases(self, session: Session) -> DeskCases:
        """Open cases of the department, those that are due first."""
        today = self._today
        with Transaction(self._store) as work:
            counted = cases.figures(work.conn, today, self._calendar, department=session.department)
            found = cases.list_cases(work.conn, department=session.department, limit=MOST_CASES)
        own = sorted((each for each in found if each.department == session.department), key=_urgency)
        first = tuple(DeskCase(each, cases.card(each, today, self._calendar)) for each in own[:FIRST_CASES])
        return DeskCases(counted[0] if counted else None, first)

    def replies(self, session: Session, before: int | None = None, limit: int = REPLIES_A_PAGE) -> list[Reply]:
        """Replies to the department's files, the newest first."""
        names = [each.name for each in self._contracts().datasets if each.department == session.department]
        with Transaction(self._store) as work:
            return delivery_replies.list_replies(work.conn, names, before=before, limit=limit)

    def reply_file(self, session: Session, number: int, which: Which) -> Download:
        """A file of a reply that is kept for download.

        Raises:
            NotFound: there is none of the department, or it is where the file came from, or past its time.
        """
        with Transaction(self._store) as work:
            found = delivery_replies.get(work.conn, number)
        place = 0 if which == "receipt" else 1
        if found is None or self._foreign(session, found) or len(found.written) <= place or found.state != "kept":
            raise NotFound("投递答复", "reply to a delivery")
        receipt, refused, tried = kept_as(found.id, found.identity)
        kept = receipt if which == "receipt" else tried if found.batch is None else refused
        if kept not in self._out:
            raise NotFound("投递答复", "reply to a delivery")
        media_type = "application/json" if which == "receipt" else "application/octet-stream"
        return Download(found.written[place], media_type, self._pieces(kept))

    def _pieces(self, kept: str) -> Iterator[bytes]:
        try:
            with self._out.open(kept) as file:
                while block := file.read(_BLOCK):
                    yield block
        except LandedMissing:
            raise NotFound("投递答复", "reply to a delivery") from None

    def _foreign(self, session: Session, reply: Reply) -> bool:
        catalogue = self._contracts()
        return reply.dataset not in catalogue or catalogue.dataset(reply.dataset).department != session.department

    @property
    def _today(self) -> date:
        return self._clock().astimezone(CHINA).date()


def _cells(lines: Sequence[ScoreLine]) -> dict[str, dict[str, list[Cell]]]:
    """Department -> dataset -> what its rules found."""
    found: dict[str, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        cell = Cell(line.dimension, line.level, line.checked, line.failed, line.beyond_mending)
        found[line.department][line.dataset].append(cell)
    return found


def _urgency(each: Case) -> tuple[bool, date, int]:
    """Those whose clock stands come last."""
    return each.stopped_at is not None, each.due_on, each.number
