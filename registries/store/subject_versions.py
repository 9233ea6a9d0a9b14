"""Everything that the store ever had of one subject, version by version; who looks is written down first.

    access = open_access(conn, register, key, Looking("steward", "复核", now))     # hub_page, hub_load
    for version in read(conn, dataset, access, moment): version.values["name"]    # '张*'

Role hub_page reads through functions that mask, and that read only what the same transaction wrote down; `values_of`
gives the values themselves to the loader's command line. Equal `same` means equal values, masked or not.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from registries.canonical import canonical_column
from registries.contracts.model import Dataset, Register
from registries.store import points_in_time
from registries.store.ledger_rows import body_digest, entry_digest
from registries.store.points_in_time import Moment

KIND, ISSUER = "access", "subjects"


@dataclass(frozen=True)
class Looking:
    """Who looks at somebody's data (account, or command line), why, when, and whether values are shown unmasked."""

    by: str
    reason: str
    now: datetime
    values: bool = False


@dataclass(frozen=True)
class Access:
    """A look at one subject that was written down: its number, and the key in the register's form."""

    number: int
    key: str


@dataclass(frozen=True)
class Version:
    """One version of a row that names the subject.

    Attributes:
        former: it stands under a key that was joined to the subject's present one.
        values: column -> text; masked unless the loader's values were asked for.
        same: column -> equal for equal values of this subject, of any dataset; None where there is none.
        row_key: equal for versions of one row.
        since, until: batches; `until` None: it is current.
        mark: `vanished` or `update_refused`, as it stood then.
        known, valid: whether the hub knew it at the moment, and whether it holds on the day.
        belongs: whether the contract counts it to the register.
    """

    former: bool
    values: Mapping[str, str | None]
    same: Mapping[str, str | None]
    row_key: str
    since: int
    until: int | None
    mark: str | None
    known: bool
    valid: bool
    belongs: bool

    @property
    def holds(self) -> bool:
        """It counts at the moment that was asked for."""
        return self.known and self.valid and self.belongs


def open_access(conn: sa.Connection, register: Register, key: str, looking: Looking) -> Access:
    """Write down, in the store and in the ledger, that somebody looks at a subject; the caller commits."""
    form = key_form(register, key)
    given = {
        "kind": register.subject_kind.id,
        "key": form,
        "register": register.id,
        "by": looking.by,
        "reason": looking.reason,
        "values": looking.values,
        "now": looking.now,
    }
    row = conn.execute(_OPEN, given).one()
    _write_down(conn, row.access_id, row.subject_digest, register, looking)
    return Access(row.access_id, form)


def read(conn: sa.Connection, dataset: Dataset, access: Access, moment: Moment) -> list[Version]:
    """All versions of the subject's rows in a dataset, in the order in which they came, values masked."""
    given = {**_asked(dataset, access, moment), "as_of": moment.as_of}
    return [_masked(row) for row in conn.execute(_VERSIONS, given)]


def read_clear(conn: sa.Connection, dataset: Dataset, access: Access, moment: Moment, attribute: str) -> list[Version]:
    """As `read`, with one attribute of the register in clear, for an access that was opened with values."""
    role = dataset.register
    clear = [role.attributes[attribute]] if role is not None and attribute in role.attributes else []
    given = {**_asked(dataset, access, moment), "as_of": moment.as_of, "clear": clear}
    return [_masked(row) for row in conn.execute(_VALUES, given)]


def values_of(conn: sa.Connection, dataset: Dataset, register: Register, key: str, moment: Moment) -> list[Version]:
    """As `read`, with the values themselves: for role hub_load."""
    keys = keys_at(conn, register, key, moment)
    found = conn.execute(points_in_time.versions(dataset, moment, subjects=keys)).mappings()
    return [_version(dataset, dict(row), keys[0]) for row in found]


def keys_at(conn: sa.Connection, register: Register, key: str, moment: Moment) -> list[str]:
    """All keys that the subject had at the moment, the latest first: for role hub_load."""
    given = {"kind": register.subject_kind.id, "key": key, "known_at": moment.known_at}
    return list(conn.execute(_KEYS, given).scalar_one())


def masked_keys_at(conn: sa.Connection, access: Access, moment: Moment) -> list[str]:
    """As `keys_at`, masked."""
    given = {"access": access.number, "key": access.key, "known_at": moment.known_at}
    return list(conn.execute(_MASKED_KEYS, given).scalar_one())


def refused(conn: sa.Connection, dataset: Dataset, access: Access, moment: Moment) -> list[tuple[int, int, str]]:
    """Rows of the subject in quarantine or held at the moment, the latest first: batch, row number, outcome."""
    return [(row.batch, row.row_number, row.outcome) for row in conn.execute(_REFUSED, _asked(dataset, access, moment))]


def cases(conn: sa.Connection, dataset: Dataset, register: Register, access: Access) -> list[sa.Row[Any]]:
    """The dataset's cases about the subject, the latest first."""
    given = {"access": access.number, "dataset": dataset.name, "key": access.key, "register": register.id}
    return list(conn.execute(_CASES, given))


_OPEN = sa.text("SELECT * FROM hub.open_subject_access(:kind, :key, :register, :by, :reason, :values, :now)")
_APPEND = sa.text("SELECT hub.append_access_entry(:access, :leaf, :entry_digest, :body, :body_digest)")
_KEYS = sa.text("SELECT hub.subject_keys_at(:kind, :key, :known_at)")
_MASKED_KEYS = sa.text("SELECT hub.subject_keys_masked(:access, :key, :known_at)")
_VERSIONS = sa.text("SELECT * FROM hub.subject_versions(:access, :dataset, :key, :known_at, :as_of)")
_VALUES = sa.text(
    "SELECT * FROM hub.subject_values(:access, :dataset, :key, CAST(:clear AS text[]), :known_at, :as_of)"
)
_REFUSED = sa.text("SELECT * FROM hub.subject_refused(:access, :dataset, :key, :known_at)")
_CASES = sa.text("SELECT * FROM hub.subject_cases(:access, :register, :dataset, :key)")


def _asked(dataset: Dataset, access: Access, moment: Moment) -> dict[str, object]:
    return {"access": access.number, "dataset": dataset.name, "key": access.key, "known_at": moment.known_at}


def _masked(row: sa.Row[Any]) -> Version:
    return Version(
        *(row.former, row.shown, row.same, row.row_key, row.since_batch, row.until_batch),
        *(row.mark, row.known, row.valid, row.belongs),
    )


def _version(dataset: Dataset, row: Mapping[str, Any], present: str) -> Version:
    texts = {
        column.name: None if row[column.name] is None else str(row[column.name]) for column in dataset.stored_columns
    }
    role = dataset.register
    return Version(
        former=role is not None and texts[role.subject_key] != present,
        values=texts,
        same=texts,
        row_key=json.dumps([texts[name] for name in dataset.key]),
        since=row["since_batch"],
        until=row["until_batch"],
        mark=row["mark"],
        known=row["known"],
        valid=row["valid"],
        belongs=role is not None and all(texts[name] == value for name, value in role.where),
    )


def _write_down(conn: sa.Connection, number: int, digest: bytes, register: Register, looking: Looking) -> None:
    """The ledger's entry: who looked at which digest, and when; neither the key nor the reason's words."""
    members = {
        "act": "explain",
        "access": number,
        "subject_kind": register.subject_kind.id,
        "subject": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "register": register.id,
        "by": looking.by,
        "values": looking.values,
        "at": looking.now.isoformat(),
    }
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(body).digest()
    entry = {
        "access": number,
        "leaf": leaf,
        "entry_digest": entry_digest(KIND, ISSUER, f"{KIND}:{number}", leaf, looking.now),
        "body": body,
        "body_digest": body_digest(body, b""),
    }
    conn.execute(_APPEND, entry)


def key_form(register: Register, key: str) -> str:
    """A key in the form of the register's; empty if nothing is left of it."""
    form: str | None = canonical_column(pa.array([key], pa.string()), register.key)[0].as_py()
    return form or ""
