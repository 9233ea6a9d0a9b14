"""Getting one page of an HTTP interface: bounded, patient, and honouring what the interface asks for.

    with PageReader(place, "civil_affairs/marriages") as reader:
        page = reader.get(place.url, 1)
        page.content, page.headers

What may pass is tried again up to five times, after growing pauses with jitter, or after exactly as long as Retry-After
says (RFC 9110, 10.2.3). Longer than a minute is not waited for: then the next run asks again.
"""

import email.utils
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from registries.connectors.http_addresses import Interface
from registries.connectors.remote_faults import BadAnswer, PageDown

ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
PAGE_BYTES: Final = 32 << 20
PAGE_SECONDS: Final = 120.0
"""How long one page may take to arrive, however steadily it drips."""

_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_REMAINING: Final = ("ratelimit-remaining", "x-ratelimit-remaining")
_RESET: Final = ("ratelimit-reset", "x-ratelimit-reset")


@dataclass(frozen=True)
class PageAnswer:
    """A page as it came."""

    content: bytes
    headers: httpx.Headers


class Passing(Exception):
    """Raised inside for what may pass: with the pause that the interface asked for, None: our own."""

    def __init__(self, code: str, pause: float | None = None) -> None:
        super().__init__(code)
        self.code, self.pause = code, pause


class PageReader:
    """Reads pages of one interface over one connection.

    Args:
        place: where.
        source: what errors call it.
        wait: sleeps so many seconds.
    """

    def __init__(self, place: Interface, source: str, wait: Callable[[float], None] = time.sleep) -> None:
        self._source = source
        self._wait = wait
        self._client = httpx.Client(
            headers=place.headers,
            auth=place.basic,
            verify=place.trust,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(30.0, connect=10.0),
            limits=httpx.Limits(max_connections=1),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self, url: httpx.URL, page: int) -> PageAnswer:
        """One page.

        Raises:
            PageDown: it could not be had.
            BadAnswer: it is a redirect, compressed, or too large.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self._once(url, page)
            except Passing as what:
                pause = _pause(attempt) if what.pause is None else what.pause
                if attempt == ATTEMPTS - 1 or pause > LONGEST_PAUSE:
                    raise PageDown(self._source, page, what.code) from None
                self._wait(pause)
        raise AssertionError("unreachable")

    def _once(self, url: httpx.URL, page: int) -> PageAnswer:
        try:
            with self._client.stream("GET", url) as answer:
                self._check(answer, page)
                content = self._content(answer, page)
        except httpx.TimeoutException:
            raise Passing("timeout") from None
        except httpx.HTTPError as error:
            raise Passing(type(error).__name__) from None
        self._keep_to_the_limit(answer.headers)
        return PageAnswer(content, answer.headers)

    def _check(self, answer: httpx.Response, page: int) -> None:
        if answer.status_code in _PASSING:
            raise Passing(str(answer.status_code), _asked_pause(answer.headers))
        if answer.is_redirect or answer.has_redirect_location:
            raise BadAnswer(self._source, page, "转向了别处, 不予跟随", "leads elsewhere, which is not followed")
        if answer.status_code != httpx.codes.OK:
            raise PageDown(self._source, page, str(answer.status_code))
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise BadAnswer(self._source, page, "被压缩", "is compressed")

    def _content(self, answer: httpx.Response, page: int) -> bytes:
        parts, size, until = [], 0, time.monotonic() + PAGE_SECONDS
        for part in answer.iter_raw():
            parts.append(part)
            size += len(part)
            if size > PAGE_BYTES:
                raise BadAnswer(self._source, page, "过大", "is too large")
            if time.monotonic() > until:
                raise Passing("timeout")
        return b"".join(parts)

    def _keep_to_the_limit(self, headers: httpx.Headers) -> None:
        """Where the interface says that the budget is spent, wait until it is there again, before it has to refuse."""
        if _number(headers, _REMAINING) == 0:
            reset = _number(headers, _RESET)
            if reset is not None and 0 < reset <= LONGEST_PAUSE:  # longer, or a date: let it refuse and say so
                self._wait(reset)


def _pause(attempt: int) -> float:
    ceiling = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads requests, hides nothing


def _asked_pause(headers: httpx.Headers) -> float | None:
    """Seconds of Retry-After; a date counts from the answer's own, so that differing clocks don't matter."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        until = email.utils.parsedate_to_datetime(told)
        now = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _number(headers: httpx.Headers, names: tuple[str, ...]) -> int | None:
    told = next((headers[name] for name in names if name in headers), "")
    return int(told) if told.isascii() and told.isdecimal() else None
