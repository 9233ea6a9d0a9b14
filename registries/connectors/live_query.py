"""Departments that hand over no bulk data (不落地): their interface is asked at the moment of a question.

    async with LiveQuery(dataset, "https://tax.example/api", secret) as source:
        told = await source.ask(question, question_id)
        told.row, told.content

POST <address><path>, JSON {"certificate_number", "holder_name", "holder_code", "holder_code_type"}, with the header
Hub-Question (random, new for each question: the source keeps it with its answer, see certificates.receipts) and a
bearer token if there is one. Answered by 200 {"found": true, "record": {<source column>: text}} or {"found": false}.

Nothing is kept, and nothing is tried twice: a person is waiting. Whatever is not an answer is a SourceFault, so that
the question ends as `unavailable` and never as `no_match`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from certificates.records import Question
from registries.connectors.faults import SourceChangedShape
from registries.connectors.http_addresses import interface
from registries.connectors.json_answers import NotStrictJson, parsed
from registries.connectors.remote_faults import BadAnswer, PageDown, UnreadableColumn
from registries.contracts.model import Dataset

CONNECTIONS: Final = 16
"""Questions that one source is asked at a time."""

ANSWER_BYTES: Final = 256 << 10
_ASKED: Final = ("certificate_number", "holder_name", "holder_code", "holder_code_type")


@dataclass(frozen=True)
class Told:
    """What a source answered: the bytes, and the row by the contract's column names; None: it has no such record."""

    content: bytes
    row: Mapping[str, str | None] | None


class LiveQuery:
    """One source, over connections that are kept; used within one event loop.

    Raises:
        AddressUnusable: its address can't be used.
    """

    def __init__(self, dataset: Dataset, address: str, secret: Callable[[str], str | None] = lambda _: None) -> None:
        self._dataset = dataset
        place = interface(address, dataset.server.path or "", secret, self.description)
        self._url = place.url
        self._client = httpx.AsyncClient(
            headers=place.headers,
            auth=place.basic,
            verify=place.trust,
            trust_env=False,
            follow_redirects=False,
            timeout=dataset.server.timeout_seconds,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    @property
    def description(self) -> str:
        """Server and path as the contract names them; never the address."""
        return f"{self._dataset.server.name}{self._dataset.server.path}"

    async def ask(self, question: Question, question_id: str) -> Told:
        """Ask once, within the contract's time, everything included.

        Raises:
            PageDown: no answer in time, no connection, or a status that is no answer.
            BadAnswer, SourceChangedShape, UnreadableColumn: what came is not what was agreed.
        """
        try:
            async with asyncio.timeout(self._dataset.server.timeout_seconds):
                content = await self._content(question, question_id)
        except (TimeoutError, httpx.TimeoutException):
            raise PageDown(self.description, None, "timeout") from None
        except httpx.HTTPError as error:
            raise PageDown(self.description, None, type(error).__name__) from None
        return Told(content, self._row(content))

    async def _content(self, question: Question, question_id: str) -> bytes:
        asked = {name: getattr(question, name) for name in _ASKED}
        body = json.dumps(asked, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "hub-question": question_id}
        async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
            self._check(answer)
            content = bytearray()
            async for part in answer.aiter_raw():
                content += part
                if len(content) > ANSWER_BYTES:
                    raise self._bad("过大", "is too large")
        return bytes(content)

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_redirect or answer.has_redirect_location:
            raise self._bad("转向了别处, 不予跟随", "leads elsewhere, which is not followed")
        if answer.status_code != httpx.codes.OK:
            raise PageDown(self.description, None, str(answer.status_code))
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._bad("被压缩", "is compressed")

    def _row(self, content: bytes) -> Mapping[str, str | None] | None:
        try:
            answer = parsed(content)
        except NotStrictJson as what:
            raise self._bad(what.zh, what.en) from None
        found = answer.get("found") if isinstance(answer, dict) else None
        if not isinstance(found, bool):
            raise self._bad("没有布尔值 found", "has no boolean found")
        if not found:
            return None
        record = answer.get("record")
        if not isinstance(record, dict):
            raise self._bad("没有对象 record", "has no object record")
        return self._columns(record)

    def _columns(self, record: Mapping[str, Any]) -> Mapping[str, str | None]:
        mapping = self._dataset.certificate
        needed = (mapping.number, mapping.holder_name, mapping.holder_code, mapping.status) if mapping else ()
        missing = [self._dataset.column(name).source for name in needed]
        missing = [name for name in missing if name not in record]
        if missing:
            raise SourceChangedShape(self.description, missing)
        return {column.name: self._text(column.source, record.get(column.source)) for column in self._dataset.columns}

    def _text(self, name: str, value: object) -> str | None:
        if isinstance(value, bool):
            return str(value).lower()
        if value is None or isinstance(value, str):
            return value
        raise UnreadableColumn(self.description, name, type(value).__name__)

    def _bad(self, zh: str, en: str) -> BadAnswer:
        return BadAnswer(self.description, None, zh, en)
