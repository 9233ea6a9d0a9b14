"""Fuzzes a hub by its own description: schemathesis draws requests from it, a hook signs those that have to be signed.

    python -m tests.checks.schema_fuzz --requests 20000

Prints how many requests were sent, which share reached the use case (were not turned away at the door as malformed,
unsigned or unknown), the answers by status, and whatever the description does not foresee: there may be nothing of it,
and no 5xx but a documented 503 with Retry-After.
"""

import argparse
import itertools
import json
import logging
import secrets
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from certificates.jose import Key
from certificates.pushes import PushedDelivery, make_push
from certificates.requests import make_request

SIGNED: Final = "application/jwt"
LINES: Final = "application/x-ndjson"
SHARE: Final = 0.6
MOST_OF_ONE: Final = 40
"""Requests from one operation in one round; rounds go on until there are enough."""
MORE_OF_SIGNED: Final = 4
MALFORMED_EVERY: Final = 6
"""One round in so many draws what the description forbids."""

DOOR: Final = frozenset({
    "bad-client-name", "bad-request", "bad-request-id", "body-differs", "body-too-large", "form-not-ours",
    "from-the-future", "lives-too-long", "malformed-delivery", "malformed-question", "malformed-request",
    "method-not-allowed", "no-such-address", "not-a-delivery", "not-a-form", "not-a-signed-push",
    "not-a-signed-request", "not-verified", "role-missing", "sign-in-needed", "stale", "wrong-audience",
    "wrong-media-type", "wrong-members", "wrong-url",
})  # fmt: skip
"""Problems of requests that no use case has seen."""


@dataclass
class Sender:
    """Who sends the requests: a client that asks, one that pushes, and a session of somebody with every role."""

    url: str
    asks_as: Callable[[], tuple[str, Key]]
    pushes_as: tuple[str, Key]
    cookies: Mapping[str, str]
    clock: Callable[[], datetime]
    known: Mapping[str, str]
    questions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Members of questions that name what exists, by path."""

    def request(self, path: str, question: object) -> str:
        """A signed request with this question, whatever it is."""
        name, key = self.asks_as()
        content = question if isinstance(question, dict) else {"": question}
        if isinstance(question, dict) and secrets.randbelow(4):
            content = {
                **content,
                **{name: told for name, told in self.questions.get(path, {}).items() if name in content},
            }
        return make_request(content, key, issuer=name, jti=secrets.token_hex(16), **self._place(path))

    def push(self, path: str, name: str, body: bytes | None) -> str:
        """A signed request about deliveries."""
        issuer, key = self.pushes_as
        delivery = None if body is None else PushedDelivery.of(name, 1 + secrets.randbelow(2**31), [body])
        return make_push(delivery, key, issuer=issuer, jti=secrets.token_hex(16), **self._place(path))

    def _place(self, path: str) -> dict[str, Any]:
        return {"audience": self.url, "url": self.url + path, "now": self.clock()}


@dataclass
class Tally:
    """What came of it."""

    sent: int = 0
    reached: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    by_operation: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)
    undocumented: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        return self.reached / self.sent if self.sent else 0.0

    @property
    def well(self) -> bool:
        return not self.undocumented and not self.faults and self.share >= SHARE

    def to_json(self) -> dict[str, Any]:
        return {
            "requests": self.sent,
            "reached_use_case": self.reached,
            "share": round(self.share, 3),
            "statuses": dict(sorted(self.statuses.items())),
            "turned_away": dict(self.turned_away.most_common()),
            "undocumented": dict(self.undocumented),
            "faults_5xx": dict(self.faults),
            "operations": dict(sorted(self.by_operation.items())),
        }


def fuzz(sender: Sender, wanted: int, first_seed: int = 1) -> Tally:
    """Send so many requests, spread over every operation of the hub's description."""
    document = requests.get(f"{sender.url}/v1/openapi.json", timeout=30).json()
    schema = schemathesis.openapi.from_dict(_to_be_signed(document))
    operations = [found.ok() for found in schema.get_all_operations()]
    tally = Tally()
    with requests.Session() as session:
        session.trust_env = False
        for number in itertools.count(first_seed):
            for operation in operations:
                if tally.sent >= wanted:
                    return tally
                _round(operation, sender, session, tally, number, wanted)
    raise AssertionError  # pragma: no cover - counting has no end


def _round(
    operation: APIOperation, sender: Sender, session: requests.Session, tally: Tally, number: int, wanted: int
) -> None:
    malformed = number % MALFORMED_EVERY == 0
    mode = GenerationMode.NEGATIVE if malformed else GenerationMode.POSITIVE
    known = {} if malformed else _known(operation, sender.known, number)
    most = max(1, min(MOST_OF_ONE, wanted // 200)) * (MORE_OF_SIGNED if _signed(operation) else 1)

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **({"path_parameters": known} if known else {})))
    def send(case: Case) -> None:
        if tally.sent < wanted:
            _send(case, sender, session, tally)

    try:
        send()
    except Unsatisfiable:  # nothing about it can be malformed
        return


def _known(operation: APIOperation, known: Mapping[str, str], number: int) -> dict[str, str]:
    """Names that exist, for most rounds: what does not exist is soon known."""
    if number % 4 == 0:
        return {}
    names = {one.name for one in operation.path_parameters}
    return {name: value for name, value in known.items() if name in names}


def _signed(operation: APIOperation) -> bool:
    return any(one.media_type == SIGNED for one in operation.body)


def _send(case: Case, sender: Sender, session: requests.Session, tally: Tally) -> None:
    path, body = case.formatted_path + _query(case), _body(case, sender)
    more = {} if body is None else {"data": body, "headers": {"content-type": case.media_type}}
    if "Hub-Request" in (case.headers or {}):
        case.headers["Hub-Request"] = sender.push(path, str(case.path_parameters.get("name", "")), body)
    try:
        response = case.call(base_url=sender.url, session=session, cookies=dict(sender.cookies), **more)
    except UnicodeError:  # a header that no client could send
        return
    name = f"{case.operation.method.upper()} {case.operation.path}"
    tally.sent += 1
    tally.statuses[response.status_code] += 1
    tally.by_operation[name] += 1
    code = _problem_code(response)
    if code in DOOR or (response.status_code == 303 and "/sign-in" in response.headers.get("location", [""])[0]):
        tally.turned_away[code] += 1
    else:
        tally.reached += 1
    _judge(case, response, name, tally)


def _judge(case: Case, response: Response, name: str, tally: Tally) -> None:
    if response.status_code >= 500 and not (response.status_code in {501, 503} and _documented(response)):
        tally.faults[f"{name}: {response.status_code}"] += 1
    wanted = [
        *("status_code_conformance", "content_type_conformance"),
        *("response_schema_conformance", "response_headers_conformance"),
    ]
    try:
        case.validate_response(response, checks=CHECKS.get_by_names(wanted))
    except FailureGroup as failures:
        for failure in failures.exceptions:
            tally.undocumented[f"{name}: {response.status_code} {type(failure).__name__}: {failure.title}"] += 1


def _documented(response: Response) -> bool:
    return response.status_code == 501 or "retry-after" in response.headers


def _problem_code(response: Response) -> str:
    try:
        found = response.json()
    except ValueError:
        return ""
    return str(found.get("code", "")) if isinstance(found, dict) and response.status_code >= 400 else ""


def _query(case: Case) -> str:
    return f"?{urlencode(case.query, doseq=True)}" if case.query else ""


def _to_be_signed(document: dict[str, Any]) -> dict[str, Any]:
    """The description with the questions in the place of the text that they are signed into."""
    for item in document["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            if SIGNED in content:
                question = content[SIGNED]["schema"].get("contentSchema", {"type": "object"})
                question = {name: value for name, value in question.items() if name != "examples"}
                operation["requestBody"]["content"] = {SIGNED: {"schema": question}}
    return document


@schemathesis.serializer(SIGNED, LINES)
def _drawn(_: object, value: object) -> bytes:
    """What is drawn for these types is written down by `_body`, which knows where it is sent."""
    return str(value).encode("utf-8", "surrogatepass")


def _body(case: Case, sender: Sender) -> bytes | None:
    """What schemathesis has drawn, as it is sent: signed, or as a line; None where it is sent as it is."""
    if case.media_type == SIGNED:
        try:
            return sender.request(case.formatted_path, case.body).encode()
        except (TypeError, ValueError):  # what JSON has no words for can't be signed
            return repr(case.body).encode("utf-8", "surrogatepass")
    if case.media_type == LINES:
        return json.dumps(case.body, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass") + b"\n"
    return None


def main() -> int:
    """Fuzz a hub made for it; 1 if anything is wrong."""
    from tests.checks.fuzzed_hub import fuzzed_hub

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    given_arguments = arguments.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with fuzzed_hub() as sender:
        tally = fuzz(sender, given_arguments.requests, given_arguments.seed)
    print(json.dumps(tally.to_json(), ensure_ascii=False, indent=2))
    return 0 if tally.well else 1


if __name__ == "__main__":
    sys.exit(main())
