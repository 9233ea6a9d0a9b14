"""Objections from a window or a hotline (异议受理): a slip for the citizen, a case for the department that can mend it.

    slip = objecting.file(session, About("civil_affairs.marriages", "holder_name"), Said(...), files=())
    objecting.standing(slip)            # for whoever has the slip: nobody's data
    objecting.told(provider, slip)      # the department that checks it: what is said, whom it is about masked

Whether there is such a record is told to nobody: the slip looks the same either way.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import ClassVar, Final, NamedTuple

from certificates.china_time import CHINA
from exchange_api.casework.raising import Filing, raise_objection
from exchange_api.casework.raising import Objection as Raised
from exchange_api.errors import ExchangeApiError, Kind, NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_files import SealedFiles
from exchange_api.sealed_words import SealedWords
from exchange_api.transactions import Transaction
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.masking import mask_text
from registries.store import objections
from registries.store.engine import Store
from registries.store.objections import Evidence, Objection, Standing
from registries.store.window_tables import OBJECTION_CHANNELS

WHOLE: Final = "*"
"""In place of an attribute: the record as a whole, or that it is missing."""

CHANNEL_WORDS: Final = {"window": ("窗口", "at a window"), "hotline": ("12345 热线", "by the hotline")}
LONGEST: Final = {"key": 128, "name": 200, "statement": 2000}
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is misread
_SLIP: Final = re.compile(rf"[{_ALPHABET}]{{16}}")


class ObjectingError(ExchangeApiError):
    """The root of what can go wrong with objections: raised only through its children."""


class ObjectionIncomplete(ObjectingError):
    """Raised when an objection lacks something, or something in it is too long."""

    kind: ClassVar[Kind | None] = Kind(
        "objection-incomplete", HTTPStatus.UNPROCESSABLE_ENTITY, "异议不完整", "Objection not complete"
    )

    def __init__(self) -> None:
        super().__init__(
            f"请选择数据项和受理渠道，填写号码、姓名（名称）和情况说明（不超过 {LONGEST['statement']} 字）",
            f"choose what it is about and how it came, and give number, name and statement, at most "
            f"{LONGEST['statement']} characters",
        )


class About(NamedTuple):
    """What an objection is about: a dataset, and one of its columns or the whole record."""

    dataset: str
    attribute: str


class Said(NamedTuple):
    """Who objects, and what is said: `key` names the record, `name` is whose it is."""

    key: str
    name: str
    statement: str
    channel: str


@dataclass(frozen=True)
class Told:
    """An objection as the departments see it that took it and that checks it; `key` and `name` masked."""

    standing: Standing
    key: str
    name: str
    statement: str
    evidence: tuple[Evidence, ...]


class Objecting:
    """What happens to objections.

    Args:
        due: the day by which a department has to answer what is filed on a day.
    """

    def __init__(
        self,
        store_page: Store,
        catalogue: Callable[[], Catalogue],
        files: SealedFiles,
        words: SealedWords,
        clock: Callable[[], datetime],
        due: Callable[[date], date],
    ) -> None:
        self._store_page = store_page
        self._catalogue = catalogue
        self._files = files
        self._words = words
        self._clock = clock
        self._due = due

    def datasets(self) -> Sequence[Dataset]:
        """The datasets whose records a single number names."""
        return [each for each in self._catalogue().datasets if len(each.key) == 1]

    def dataset(self, name: str) -> Dataset:
        """One of them. NotFound for any other."""
        found = next((each for each in self.datasets() if each.name == name), None)
        if found is None:
            raise NotFound("数据资源", "dataset")
        return found

    def file(self, session: Session, about: About, said: Said, files: Sequence[tuple[bytes, str]] = ()) -> str:
        """Take one; its slip's number.

        Raises:
            ObjectionIncomplete, exchange_api.sealed_files.FileRefused, NotFound: nothing was kept.
        """
        dataset, right = self.dataset(about.dataset), _checked(said)
        if about.attribute not in {WHOLE, *(column.name for column in dataset.columns)}:
            raise ObjectionIncomplete
        kept = [self._files.keep(content, kind) for content, kind in files]
        slip = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        given = {
            "slip": slip,
            "dataset": dataset.name,
            "attribute": about.attribute,
            "provider": dataset.department,
            "department": session.department,
            "login": session.login,
            "channel": right.channel,
            "subject_key": right.key,
            "due_on": self._due(self._today()).isoformat(),
        }
        sealed = self._words.sealed(json.dumps(right._asdict(), ensure_ascii=False))
        try:
            with Transaction(self._store_page) as work:
                number = objections.file(work.conn, given, sealed, self._clock())
                objections.keep_evidence(
                    work.conn, number, [Evidence(one.digest, one.media_type, one.size, one.path) for one in kept]
                )
                self._raise(work, session, dataset, about, right, slip, number)
        except ExchangeApiError:
            for one in kept:
                self._files.discard(one)
            raise
        return slip

    def standing(self, slip: str) -> Standing | None:
        """How the objection of a slip stands; None for what is no slip's number."""
        clean = slip_of(slip)
        if not _SLIP.fullmatch(clean):
            return None
        with Transaction(self._store_page) as work:
            return objections.standing(work.conn, clean)

    def listed(
        self, session: Session, *, provider: bool, before: int | None = None, limit: int = 25
    ) -> Sequence[Standing]:
        """What the session's department took, or has to check, latest first."""
        own = {"provider": session.department} if provider else {"department": session.department}
        with Transaction(self._store_page) as work:
            return objections.listed(work.conn, **own, before=before or objections.FAR, limit=limit)

    def told(self, session: Session, slip: str, *, provider: bool) -> Told:
        """One of them. NotFound for any other department's."""
        found, said, evidence = self._of(session, slip, provider=provider)
        column = self._catalogue().dataset(found.objection.dataset).column
        semantic = column(self.dataset(found.objection.dataset).key[0]).semantic or "citizen_number"
        masked = mask_text(said.key, semantic), mask_text(said.name, "person_name")
        return Told(found, *masked, said.statement, evidence)

    def evidence(self, session: Session, slip: str, digest: str) -> tuple[Evidence, Iterator[bytes]]:
        """A file of one that the session's department has to check. NotFound for any other."""
        _, _, files = self._of(session, slip, provider=True)
        found = next((each for each in files if each.digest.hex() == digest), None)
        if found is None:
            raise NotFound("证据", "evidence")
        return found, self._files.pieces(found.path)

    # --- how

    def _of(self, session: Session, slip: str, *, provider: bool) -> tuple[Standing, Said, tuple[Evidence, ...]]:
        with Transaction(self._store_page) as work:
            found = objections.standing(work.conn, slip_of(slip))
            if found is None or session.department != _side(found.objection, provider=provider):
                raise NotFound("异议", "objection")
            evidence = tuple(objections.evidence_of(work.conn, found.objection.id))
        return found, Said(**json.loads(self._words.opened(found.objection.statement))), evidence

    def _raise(
        self, work: Transaction, session: Session, dataset: Dataset, about: About, said: Said, slip: str, number: int
    ) -> None:
        is_number = dataset.certificate is not None and dataset.key == (dataset.certificate.number,)
        raised = Raised(
            dataset.name,
            None if about.attribute == WHOLE else about.attribute,
            key=(said.key,),
            certificate_number=said.key if is_number else None,
        )
        note = self._words.sealed(f"异议单 {shown_slip(slip)}：{said.statement}")
        filing = Filing(session.login, session.department, note)
        made = raise_objection(work, raised, filing, self._clock(), self._due(self._today()))
        objections.note_case(work.conn, number, made.number)

    def _today(self) -> date:
        return self._clock().astimezone(CHINA).date()


def slip_of(text: str) -> str:
    """A slip's number as it is kept, from what somebody typed.

    >>> slip_of(" 0a1b-2c3d-4e5f-6g7h ")
    '0A1B2C3D4E5F6G7H'
    """
    return re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))


def shown_slip(slip: str) -> str:
    """A slip's number as it is printed.

    >>> shown_slip("0A1B2C3D4E5F6G7H")
    '0A1B-2C3D-4E5F-6G7H'
    """
    return "-".join(slip[place : place + 4] for place in range(0, len(slip), 4))


def _side(found: Objection, *, provider: bool) -> str:
    return found.provider if provider else found.department


def _checked(said: Said) -> Said:
    right = Said(said.key.strip().upper(), said.name.strip(), said.statement.strip(), said.channel)
    for member, longest in LONGEST.items():
        if not 0 < len(getattr(right, member)) <= longest:
            raise ObjectionIncomplete
    if right.channel not in OBJECTION_CHANNELS or not right.key.isprintable():
        raise ObjectionIncomplete
    return right
