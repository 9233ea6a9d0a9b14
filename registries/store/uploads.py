"""Uploaded files on their way to the intake worker: who brought what, and what came of it.

number = uploads.add_upload(conn, "market_regulation.enterprises", account_id, "enterprises.csv", path, digest,
                            dry_run=True, now=now)           # wakes the worker when the transaction commits
waiting = uploads.next_waiting(conn)                         # the worker's side: locked until its transaction ends
uploads.finish_upload(conn, waiting.id, "checked", {"pulled": 12}, now)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.store import notices
from registries.store.engine import Store
from registries.store.tables import upload

CHANNEL = "hub_upload"
UploadState = Literal["waiting", "checked", "taken", "refused"]


@dataclass(frozen=True)
class Upload:
    """A file that somebody uploaded: `path` leads to the sealed bytes, `outcome` is None while it waits."""

    id: int
    dataset: str
    account_id: int
    file_name: str
    path: str
    digest: str
    state: UploadState
    dry_run: bool
    outcome: Mapping[str, Any] | None
    made_at: datetime
    finished_at: datetime | None


def add_upload(
    conn: sa.Connection,
    dataset: str,
    account_id: int,
    file_name: str,
    path: str,
    digest: str,
    *,
    dry_run: bool,
    now: datetime,
) -> int:
    """Put a file into the queue; the worker hears of it when the transaction commits. Its id."""
    new = sa.insert(upload).values(
        dataset=dataset,
        account_id=account_id,
        file_name=file_name,
        path=path,
        digest=digest,
        state="waiting",
        dry_run=dry_run,
        made_at=now,
    )
    number = int(conn.execute(new.returning(upload.c.id)).scalar_one())
    conn.execute(sa.select(sa.func.pg_notify(CHANNEL, str(number))))
    return number


def next_waiting(conn: sa.Connection) -> Upload | None:
    """The oldest waiting file, locked for this transaction; one that another worker holds is passed over."""
    oldest = sa.select(upload).where(upload.c.state == "waiting").order_by(upload.c.id).limit(1)
    return _upload(conn.execute(oldest.with_for_update(skip_locked=True)).first())


def finish_upload(
    conn: sa.Connection, number: int, state: UploadState, outcome: Mapping[str, Any], now: datetime
) -> None:
    """Write down what came of a file: counts and reasons, no values of rows."""
    done = {"state": state, "outcome": dict(outcome), "finished_at": now}
    conn.execute(sa.update(upload).where(upload.c.id == number).values(**done))


def upload_of(conn: sa.Connection, number: int) -> Upload | None:
    """One upload; None if there is none of that number."""
    return _upload(conn.execute(sa.select(upload).where(upload.c.id == number)).first())


def list_uploads(conn: sa.Connection, dataset: str, *, before: int | None = None, limit: int = 20) -> list[Upload]:
    """A dataset's uploads, the newest first; `before` is the id that the last page ended with."""
    wanted = sa.select(upload).where(upload.c.dataset == dataset).order_by(upload.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(upload.c.id < before)
    return [Upload(**row._mapping) for row in conn.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's public name for it


def listen(store: Store, timeout: float) -> Iterator[bool]:
    """Yield True when a file may be waiting, False each time `timeout` seconds passed without one; ends never.

    The first yield is True: files may have come while nobody listened.
    """
    return notices.listen(store, "hub_upload", timeout)


def _upload(row: sa.Row[*tuple[Any, ...]] | None) -> Upload | None:
    return None if row is None else Upload(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
