"""A department's own deliveries: sent, tried, and taken home again; never another department's."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from exchange_api.errors import NotADelivery, NotFound
from exchange_api.parts import HubParts
from exchange_api.publishing import PAGE, Publishing, clean_file_name
from exchange_api.sessions import Session
from quality.refused_rows.csv_text import REASON_HEADERS
from quality.refused_rows.formats import RefusedFile
from registries.connectors.kinds import upload_connector
from registries.home import Role
from registries.landing_faults import UploadTooLarge
from registries.store import batches, quarantine, uploads
from registries.store.batches import BatchCounts
from registries.store.engine import Store
from tests.exchange_api.conftest import Clock, Hub, Served

DATASET = "market_regulation.enterprises"
DEPARTMENT = "market_regulation"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def clerk(make_account: Callable[..., int]) -> Session:
    account = make_account("clerk", "publisher", department=DEPARTMENT)
    return Session(account, "clerk", "林小明", DEPARTMENT, frozenset({"publisher"}))


@pytest.fixture
def stranger(make_account: Callable[..., int]) -> Session:
    account = make_account("other", "publisher", department="public_security")
    return Session(account, "other", "陈大文", "public_security", frozenset({"publisher"}))


@pytest.fixture
def parts(served: Served) -> HubParts:
    return served.parts


@pytest.fixture
def publishing(parts: HubParts) -> Publishing:
    return parts.publishing


def delivery(parts: HubParts, rows: int, encoding: str = "gb18030") -> bytes:
    """A CSV of the dataset's columns; the second cell of each row looks like a formula."""
    columns = parts.catalogue.dataset(DATASET).columns
    lines = [[column.source for column in columns]]
    lines += [[f"值{row}" if at != 1 else f"=A{row}" for at, _ in enumerate(columns)] for row in range(1, rows + 1)]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue().encode(encoding)


def land(parts: HubParts, load: Store, content: bytes, refused: list[int]) -> int:
    """A batch with this original, in which these rows are quarantined by the contract's first rule."""
    dataset = parts.catalogue.dataset(DATASET)
    connector = upload_connector(dataset, "enterprises_1", lambda: io.BytesIO(content))
    rows = sum(batch.num_rows for batch in connector.chunks())
    with load.begin() as conn:
        batch = batches.open_batch(conn, dataset, "file", "identity", "clerk", NOW)
        batch = batches.mark_landed(conn, batch, parts.landing.land(batch.number, connector), NOW)
        conn.execute(
            sa.text(
                "INSERT INTO hub.refused_row (batch, row_number, dataset, outcome)"
                " SELECT :batch, unnest(CAST(:rows AS bigint[])), :dataset, 'quarantined'"
            ),
            {"batch": batch.number, "rows": refused, "dataset": DATASET},
        )
        rule = dataset.rules[0]
        quarantine.record_findings(conn, batch, rule.id, 1, np.array(refused, dtype=np.int64))
        counts = BatchCounts(rows, rows - len(refused), len(refused), 0, new=rows - len(refused))
        batches.mark_taken_over(conn, batch, counts, NOW, keys_readable=True)
    return batch.number


# --- sending


def test_a_file_is_landed_sealed_and_waits_for_the_worker(
    publishing: Publishing, parts: HubParts, clerk: Session, hub: Hub
) -> None:
    content = delivery(parts, 3)
    upload = publishing.send(clerk, DATASET, "C:\\我的文档\\企业.CSV", io.BytesIO(content), dry_run=True)
    assert (upload.state, upload.dry_run, upload.file_name) == ("waiting", True, "企业.CSV")
    stored = next(path for path in hub.home.landed.rglob("*") if path.is_file())
    assert "值1".encode("gb18030") not in stored.read_bytes()
    with hub.store(Role.LOAD).begin() as conn:
        waiting = uploads.next_waiting(conn)
    assert waiting is not None
    assert waiting.id == upload.id


def test_the_answer_of_the_worker_is_waited_for(
    publishing: Publishing, parts: HubParts, clerk: Session, hub: Hub
) -> None:
    upload = publishing.send(clerk, DATASET, "a.csv", io.BytesIO(delivery(parts, 3)), dry_run=True)
    assert publishing.wait(clerk, upload.id, seconds=0.3).state == "waiting"
    with hub.store(Role.LOAD).begin() as conn:
        uploads.finish_upload(conn, upload.id, "checked", {"pulled": 3}, NOW)
    found = publishing.wait(clerk, upload.id, seconds=10)
    assert (found.state, found.outcome) == ("checked", {"pulled": 3})
    taken = publishing.confirm(clerk, upload.id)
    assert (taken.state, taken.dry_run, taken.digest) == ("waiting", False, upload.digest)
    with pytest.raises(NotFound):
        publishing.confirm(clerk, taken.id)


def test_what_is_no_delivery_is_refused(publishing: Publishing, clerk: Session, stranger: Session) -> None:
    with pytest.raises(NotADelivery):
        publishing.send(clerk, DATASET, "企业.xls", io.BytesIO(b"x"), dry_run=True)
    with pytest.raises(NotADelivery):  # it comes from a database
        publishing.send(stranger, "public_security.residents", "a.csv", io.BytesIO(b"x"), dry_run=True)
    with pytest.raises(UploadTooLarge):
        publishing.send(clerk, DATASET, "a.csv", io.BytesIO(bytes((50 << 20) + 1)), dry_run=True)


# --- only one's own


def test_another_departments_things_do_not_exist(
    publishing: Publishing, parts: HubParts, clerk: Session, stranger: Session, hub: Hub
) -> None:
    upload = publishing.send(clerk, DATASET, "a.csv", io.BytesIO(delivery(parts, 3)), dry_run=True)
    batch = land(parts, hub.store(Role.LOAD), delivery(parts, 3), [1])
    tries: list[Callable[[], Any]] = [
        lambda: publishing.send(stranger, DATASET, "a.csv", io.BytesIO(b"x"), dry_run=True),
        lambda: publishing.upload(stranger, upload.id),
        lambda: publishing.confirm(stranger, upload.id),
        lambda: publishing.batch(stranger, batch),
        lambda: publishing.refused_rows(stranger, batch),
        lambda: publishing.download(stranger, batch),
        lambda: publishing.dataset(clerk, "public_security.residents"),
        lambda: publishing.dataset(clerk, "no.such"),
        lambda: publishing.batch(clerk, batch + 1),
        lambda: publishing.upload(clerk, upload.id + 1),
    ]
    for each in tries:
        with pytest.raises(NotFound):
            each()


# --- refused rows


def test_refused_rows_come_page_by_page_with_reasons_and_masked(
    publishing: Publishing, parts: HubParts, clerk: Session, hub: Hub
) -> None:
    refused = list(range(2, 2 * PAGE + 4, 2))
    batch = land(parts, hub.store(Role.LOAD), delivery(parts, 2 * PAGE + 10), refused)
    first = publishing.refused_rows(clerk, batch)
    rest = publishing.refused_rows(clerk, batch, after=first[-1].number)
    assert [row.number for row in first + rest] == refused
    dataset = parts.catalogue.dataset(DATASET)
    assert first[0].reasons[0].zh == dataset.rules[0].zh
    for column, cell in zip(dataset.columns, first[0].cells, strict=True):
        assert column.personal or cell in {"值2", "=A2"}
        assert not column.personal or cell != "值2"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_the_download_has_the_deliverys_encoding_and_no_formula(
    publishing: Publishing, parts: HubParts, clerk: Session, hub: Hub, clock: Clock, encoding: str
) -> None:
    assert clock
    batch = land(parts, hub.store(Role.LOAD), delivery(parts, 9, encoding), [3, 7])
    download = publishing.download(clerk, batch)
    data = b"".join(download.pieces)
    read = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))
    dataset = parts.catalogue.dataset(DATASET)
    assert read[0] == [*(column.source for column in dataset.columns), *REASON_HEADERS]
    assert [row[-4] for row in read[1:]] == ["3", "7"]
    assert read[1][0] == "值3"
    assert read[1][1] == "'=A3"
    assert read[1][-2] == dataset.rules[0].zh
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


@pytest.mark.parametrize("suffix", [".xlsx", ".jsonl", ".parquet"])
def test_the_download_has_the_deliverys_format(
    publishing: Publishing, parts: HubParts, clerk: Session, hub: Hub, clock: Clock, suffix: str
) -> None:
    assert clock
    kind = {".xlsx": "xlsx", ".jsonl": "json_lines", ".parquet": "parquet"}[suffix]
    dataset = parts.catalogue.dataset(DATASET)
    columns = [column.source for column in dataset.columns]
    cells = ([f"值{row}" for _ in columns] + [""] * 4 for row in range(1, 10))
    content = b"".join(RefusedFile.like(kind).pieces(columns, cells, encoding="utf-8", sheet=None))  # type: ignore[arg-type]  # a format
    batch = land(parts, hub.store(Role.LOAD), content, [3, 7])
    download = publishing.download(clerk, batch)
    assert download.file_name.endswith(suffix)
    data = b"".join(download.pieces)
    again = upload_connector(dataset, download.file_name, lambda: io.BytesIO(data))
    assert [row[columns[0]] for row in pa.Table.from_batches(again.chunks()).rename_columns(columns).to_pylist()] == [
        "值3",
        "值7",
    ]


@pytest.mark.parametrize(
    ("name", "clean"),
    [("a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("C:\\x\\企业.csv", "企业.csv"), ("a\x00\nb.csv", "ab.csv")],
)
def test_file_names_lose_their_folders(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean
