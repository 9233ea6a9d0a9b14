"""What offices ask in a scripted year, over real HTTP: certificates by number, cases, and paper taken all the same.

    with answering(home, "http://127.0.0.1:8480", clock) as client:
        ask_of_month(client, home.path / "sample_city", month)

Each month they ask more, and take less paper that the hub has answered for.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from exchange_api.acts.receiving import RECEIVED_PATH
from exchange_api.application import create_app
from exchange_api.client import CASE_CHECKS, Client
from exchange_api.parts import ApiSettings, open_parts
from exchange_api.server import make_server
from mianzheng.asking import demonstration_client
from mianzheng.demonstration import PURPOSE
from mianzheng.errors import StartFailedError
from registries.home import HubHome
from sample_city.numbers_to_try import FILE

ITEMS: Final = ("食品经营许可新办", "网约车驾驶员证换发", "困难残疾人生活补贴申领", "二手房转移登记")
SETTLED: Final = "440500-SAMPLE-0301"
"""The item whose cases are checked whole: the living allowance for disabled persons."""

IDENTITY: Final = "identity"
REASONS: Final = ("applicant_wishes", "office_system_down", "original_by_law")
LIVE: Final = "tax"
"""Answered by the source itself, which runs only beside a running hub."""

CASES_A_MONTH: Final = 6
_SECONDS_TO_START: Final = 30.0


@contextlib.contextmanager
def answering(home: HubHome, address: str, clock: Callable[[], datetime]) -> Iterator[Client]:
    """The hub's API at an address of this machine, in a thread, and the sample city's approval system that asks it.

    Raises:
        StartFailedError: nothing listens there in time, as when another program has the port.
    """
    place = urlsplit(address)
    asker = demonstration_client(home, clock())
    with open_parts(home, clock, ApiSettings(issuer=address)) as parts:
        server = make_server(create_app(parts), place.hostname or "127.0.0.1", place.port or 80)
        ended = threading.Event()
        thread = threading.Thread(target=_run, args=(server.run, ended), daemon=True)
        thread.start()
        try:
            _wait(lambda: server.started, ended, address)
            with Client(address, asker.name, asker.key, clock=clock) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(_SECONDS_TO_START)


def _run(serve: Callable[[], None], ended: threading.Event) -> None:
    try:
        serve()
    except SystemExit:  # uvicorn ends so where it can't listen
        pass
    finally:
        ended.set()


def _wait(started: Callable[[], bool], ended: threading.Event, address: str) -> None:
    waited = 0.0
    while not started():
        waited += 0.05
        if ended.wait(0.05) or waited > _SECONDS_TO_START:
            raise StartFailedError(
                f"无法在 {address} 监听。请用 HUB_PORT 换一个端口。",
                f"Can't listen at {address}; choose another port with HUB_PORT.",
            )


def ask_of_month(client: Client, city: Path, month: int) -> None:
    """A month of offices' questions; client.ClientError where one is not answered.

    Args:
        client: of an office that may ask.
        city: the sample city's folder, with the numbers to try.
        month: 0 to 11.
    """
    numbers: Mapping[str, Mapping[str, Any]] = json.loads((city / FILE).read_text("utf-8"))
    for place, (kind, number) in enumerate(numbers.items()):
        if kind != LIVE:
            for time in range(1 + (place + month) // 3):
                item = ITEMS[(place + time) % len(ITEMS)]
                client.verify(**number, purpose=PURPOSE, service_item=item, case=f"{month:02d}-{place}-{time}")
    _settle_cases(client, numbers["disability"], month)


def _settle_cases(client: Client, holder: Mapping[str, Any], month: int) -> None:
    subject = {"name": holder["holder_name"], "code": holder["holder_code"], "code_type": holder["holder_code_type"]}
    for turn in range(CASES_A_MONTH):
        case = {"item": SETTLED, "case": f"CL-{month:02d}-{turn}", "purpose": PURPOSE, "subject": subject}
        client.ask(CASE_CHECKS, case)
        if turn < CASES_A_MONTH - month // 2:  # all in the first months, one in six at the end
            client.ask(RECEIVED_PATH, case | {"material": IDENTITY, "form": "paper", "reason": REASONS[turn % 3]})
