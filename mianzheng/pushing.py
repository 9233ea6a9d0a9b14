"""Push to a running hub as a department's system does: NDJSON beside one signed request, over real HTTP.

publisher = Publisher("http://127.0.0.1:8480", client, clock)
sequence = publisher.next_sequence("natural_resources.real_estate")
answer = publisher.push("natural_resources.real_estate", sequence, Path("deeds.ndjson"))
answer["state"], answer["rows"]
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from certificates.pushes import PushedDelivery, make_push
from mianzheng.asking import Client
from mianzheng.errors import MianzhengError

MEDIA_TYPE = "application/x-ndjson"
BLOCK = 1 << 20
LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Publisher:
    """A department's system before one hub, at `address`."""

    address: str
    client: Client
    clock: Callable[[], datetime]

    def next_sequence(self, dataset: str) -> int:
        """Where the dataset's order goes on. MianzhengError as `push`."""
        return int(self._send("GET", _path(dataset), None).json()["next_sequence"])

    def push(self, dataset: str, sequence: int, file: Path, *, dry_run: bool = False) -> Mapping[str, Any]:
        """Send a file's rows; the answer's members, `state` `waiting` if the hub has not taken it in yet.

        A dry run is only tried: its answer says what would come of it.

        Raises:
            MianzhengError: the hub can't be reached, or answered with a problem: its words are passed on.
        """
        with file.open("rb") as body:
            delivery = PushedDelivery.of(dataset, sequence, _blocks(body.read))
            body.seek(0)
            path = f"{_path(dataset)}?dry_run=1" if dry_run else _path(dataset)
            answer: Mapping[str, Any] = self._send("POST", path, delivery, content=_blocks(body.read)).json()
        return answer

    def wait(self, answer: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The same answer when the delivery is taken in, or as it is after `seconds`. MianzhengError as `push`."""
        until = time.monotonic() + seconds
        while answer["state"] == "waiting" and time.monotonic() < until:
            time.sleep(LOOK_EVERY_SECONDS)
            answer = self._send("GET", _place(answer), None).json()
        return answer

    def _send(
        self, method: str, path: str, delivery: PushedDelivery | None, content: Iterator[bytes] | None = None
    ) -> httpx.Response:
        place = {"audience": self.address, "url": self.address + path, "jti": secrets.token_urlsafe(24)}
        token = make_push(delivery, self.client.key, issuer=self.client.name, now=self.clock(), **place)
        headers = {"Hub-Request": token} | ({"Content-Type": MEDIA_TYPE} if delivery else {})
        try:
            with httpx.Client(timeout=60, trust_env=False) as http:
                response = http.request(method, self.address + path, content=content, headers=headers)
        except httpx.TransportError as error:
            raise MianzhengError(
                f"无法连接 {self.address}。请先运行 make run。",
                f"{self.address} can't be reached. Start the hub with make run first.",
            ) from error
        if response.status_code not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
            raise _told(response)
        return response


def _path(dataset: str) -> str:
    return f"/v1/datasets/{dataset}/batches"


def _place(answer: Mapping[str, Any]) -> str:
    """Where an answer is asked for again."""
    if "trial" in answer:
        return f"/v1/datasets/{answer['dataset']}/trials/{answer['trial']}"
    return f"{_path(answer['dataset'])}/{answer['delivery']}"


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while block := read(BLOCK):
        yield block


def _told(response: httpx.Response) -> MianzhengError:
    """The problem document's own words; what is no problem document is named by its status."""
    try:
        problem = response.json()
        return MianzhengError(
            f"{problem['title']}: {problem['detail']}", f"{problem['title_en']}: {problem['detail_en']}"
        )
    except (ValueError, KeyError):
        status = response.status_code
        return MianzhengError(
            f"枢纽以状态码 {status} 作答。请稍后重试。", f"The hub answered {status}. Try again later."
        )
