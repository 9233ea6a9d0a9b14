"""Rows behind an HTTP interface that gives them page by page: counted pages, cursors, or links (RFC 8288).

    connector = HttpApi(dataset, "https://civil.example/api", secret)
    connector.identity()  -> '15230:8f41...'

The identity is a digest of every row. Nothing cheaper is sound: an ETag of page 1 says nothing of page 7. So that
nothing is pulled twice, the first call pulls all pages into a sealed temporary file (a key that is in memory only; the
file has no name), and `chunks` reads from there, as often as needed. If any page fails, nothing was taken.

How a delivery ends: counted pages at the first empty one (an interface may give fewer rows than asked for), or where
the told total is reached; cursors and links where there is no next one. What comes again, a page, a cursor or a link,
is a loop. A total (`Paging.total_at`, or the header X-Total-Count) has to stay and to equal the number of rows, since
counted pages lose rows when the table shrinks under way.
"""

import hashlib
import json
import secrets
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final, cast

import httpx
import pyarrow as pa

from certificates.sealing import SealedReader, SealedWriter
from registries.connectors.faults import SourceChangedShape
from registries.connectors.http_addresses import Interface, interface
from registries.connectors.http_pages import PageAnswer, PageReader
from registries.connectors.json_answers import NotStrictJson, at, parsed
from registries.connectors.remote_faults import BadAnswer, PagesMoved
from registries.connectors.sql_values import texts
from registries.connectors.unqueued_sources import UnqueuedSource
from registries.contracts.model import Dataset, Paging

ROWS: Final = 10_000
"""Rows of a batch: a page's JSON is Python objects for a moment."""

MOST_PAGES: Final = 100_000
_KEY_BYTES: Final = 32

Rows = list[dict[str, Any]]


class HttpApi(UnqueuedSource):
    """All rows of one path; `secret` is asked for `token` and `ca`. `wait` sleeps so many seconds."""

    def __init__(
        self,
        dataset: Dataset,
        address: str,
        secret: Callable[[str], str | None] = lambda _: None,
        *,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._dataset = dataset
        self._address = address
        self._secret = secret
        self._wait = wait
        self._key = _new_key()
        self._pulled: tuple[BinaryIO, str] | None = None

    @property
    def description(self) -> str:
        """Server and path as the contract names them; never the address."""
        return f"{self._dataset.server.name}{self._dataset.server.path}"

    def watermark(self) -> str | None:
        """None: the interface is not asked by watermark."""
        return None

    def identity(self) -> str:
        """How many rows, and SHA-256 over them."""
        return self._spooled()[1]

    def original(self) -> None:
        """Pages are no delivery of their own: the Parquet is the original."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Batches of ROWS rows of text columns named as the contract's; SourceFault for what is wrong."""
        file, _ = self._spooled()
        yield from pa.ipc.open_stream(pa.PythonFile(SealedReader(file, self._key), mode="r"))

    def _spooled(self) -> tuple[BinaryIO, str]:
        if self._pulled is None:
            file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as the connector
            weakref.finalize(self, file.close)
            self._pulled = file, self._pull(file)
        return self._pulled

    def _pull(self, file: BinaryIO) -> str:
        schema = pa.schema([(column.name, pa.string()) for column in self._dataset.columns])
        digest, rows = hashlib.sha256(), 0
        with SealedWriter(file, self._key) as sealed, pa.ipc.new_stream(pa.PythonFile(sealed), schema) as out:
            for batch in self._batches():
                digest.update(batch.serialize())
                rows += batch.num_rows
                out.write_batch(batch)
        return f"{rows}:{digest.hexdigest()}"

    def _batches(self) -> Iterator[pa.RecordBatch]:
        place = interface(self._address, self._dataset.server.path or "", self._secret, self.description)
        named: set[str] = set()
        waiting: Rows = []
        with PageReader(place, self.description, self._wait) as reader:
            for rows in Pages(place, self._dataset.server.paging or Paging(), self.description, reader):
                waiting += rows
                named.update(*rows)
                while len(waiting) >= ROWS:
                    yield self._batch(waiting[:ROWS])
                    del waiting[:ROWS]
        missing = [column.source for column in self._dataset.columns if column.source not in named]
        if missing and named:
            raise SourceChangedShape(self.description, missing)
        if waiting:
            yield self._batch(waiting)

    def _batch(self, rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
        columns = self._dataset.columns
        arrays = [texts([row.get(column.source) for row in rows], column, self.description) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


class Pages:
    """The rows of one page after the other; every rule on how a delivery goes on and ends stands here."""

    def __init__(self, place: Interface, paging: Paging, source: str, reader: PageReader) -> None:
        self._place = place
        self._paging = paging
        self._source = source
        self._reader = reader
        self._seen: set[bytes] = set()
        self._total: str | None = None
        self._rows = 0

    def __iter__(self) -> Iterator[Rows]:
        """Every page's rows.

        Raises:
            PageDown, BadAnswer: a page can't be had, or is not as agreed.
            PagesMoved: the total changed, or is not the number of rows.
        """
        url: httpx.URL | None = self._first()
        for number in range(1, MOST_PAGES + 1):
            if url is None:
                break
            self._only_once(str(url).encode(), number)
            page = self._reader.get(url, number)
            document = self._parsed(page, number)
            rows = self._rows_of(document, page, number)
            yield rows
            url = self._next(number, document, page, rows)
        else:
            raise BadAnswer(self._source, MOST_PAGES, "之后仍有下一页, 没有尽头", "is still not the last one")
        self._check_total(str(self._rows))

    def _first(self) -> httpx.URL:
        paging = self._paging
        asked = {paging.size_parameter: paging.size} if paging.size else {}
        if paging.style == "page":
            asked[paging.page_parameter] = paging.first_page
        return self._place.url.copy_merge_params(asked)

    def _parsed(self, page: PageAnswer, number: int) -> object:
        try:
            return parsed(page.content)
        except NotStrictJson as what:
            raise BadAnswer(self._source, number, what.zh, what.en) from None

    def _rows_of(self, document: object, page: PageAnswer, number: int) -> Rows:
        rows = at(document, self._paging.rows_at)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(self._source, number, "没有约定位置的记录列表", "has no list of rows where it was agreed")
        if rows:
            self._only_once(hashlib.sha256(json.dumps(rows).encode()).digest(), number)
        self._rows += len(rows)
        if self._paging.style == "page":
            told = at(document, self._paging.total_at) if self._paging.total_at else None
            self._check_total(told or page.headers.get("x-total-count"))
        return rows

    def _check_total(self, seen: str | None) -> None:
        self._total = self._total or seen
        if self._total is not None and seen is not None and seen != self._total:
            raise PagesMoved(self._source, self._total, seen)

    def _next(self, number: int, document: object, page: PageAnswer, rows: Rows) -> httpx.URL | None:
        match self._paging.style:
            case "page":
                if not rows or str(self._rows) == self._total:
                    return None
                following = self._paging.first_page + number
                return self._place.url.copy_merge_params(
                    {**self._first().params, self._paging.page_parameter: following}
                )
            case "cursor":
                cursor = at(document, self._paging.next_at)
                return self._by_cursor(cursor, number) if cursor else None
            case "link":
                link = at(document, self._paging.next_at) if self._paging.next_at else _link_header(page.headers)
                return self._by_link(link, number) if link else None

    def _by_cursor(self, cursor: object, number: int) -> httpx.URL:
        if not isinstance(cursor, str):
            raise BadAnswer(self._source, number, "的游标不是文本", "has a cursor that is no text")
        return self._first().copy_merge_params({self._paging.cursor_parameter: cursor})

    def _by_link(self, link: object, number: int) -> httpx.URL:
        url = self._place.same_origin(link) if isinstance(link, str) else None
        if url is None:
            raise BadAnswer(
                self._source, number, "的下一页链接指向别处, 不予跟随", "links to another place, which is not followed"
            )
        return url

    def _only_once(self, what: bytes, number: int) -> None:
        if what in self._seen:
            raise BadAnswer(self._source, number, "重复出现, 分页形成循环", "came before: the pages form a loop")
        self._seen.add(what)


def _link_header(headers: httpx.Headers) -> str | None:
    """The target of the Link header whose relation is `next` (RFC 8288)."""
    links = httpx.Response(httpx.codes.OK, headers=headers).links
    return next((link["url"] for kind, link in links.items() if kind and "next" in kind.lower().split()), None)


def _new_key() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)
