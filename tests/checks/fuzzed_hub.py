"""A hub to be fuzzed: its own PostgreSQL, certificates, grants, a dataset that is pushed, and somebody with every role.

with fuzzed_hub() as sender:
    fuzz(sender, 20_000)
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from typing import Protocol

from certificates.jose import ES256, Key, new_key
from exchange_api.passwords import hash_password
from exchange_api.people.roles import Role as Duty
from mianzheng.embedded_postgres import Cluster
from mianzheng.publishers import register_publisher
from mianzheng.store_set_up import set_up_store
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.store import accounts, clients, grants
from registries.store.engine import Store
from tests.checks.schema_fuzz import Sender
from tests.conftest import PASSWORD as DATABASE_PASSWORD
from tests.conftest import Hub, short_lived_folder
from tests.exchange_api.conftest import PASSWORD, TYPE, Certificates, Clock, Served, serving
from tests.exchange_api.pages.signing_in import signed_in

QUESTIONS_OF_ONE = 30
"""A client that guesses is stopped; the fuzzer takes another before that."""
PUSHED = "housing.deeds"
_PERSON = {"name": "林小明", "code": "11010519491231002X", "code_type": "111"}
_COMPANY = {"name": "汕头市示例贸易有限公司", "code": "91440500MA4UXXXX0A", "code_type": "001"}
_ITEM = {"item": "440500-SAMPLE-0101", "subject": _COMPANY, "parties": {}, "claims": {}, "certificates": {}, "step": ""}
QUESTIONS = {
    "/v1/case-checks": _ITEM,
    "/v1/case-checks/received": {**_ITEM, "material": "application_form"},
    "/v1/matches": {"source": "population", "claims": {"sex": "1"}, "subject": _PERSON},
    "/v1/queries": {"source": "population", "fields": ["sex"], "subject": _PERSON},
    "/v1/subjects/certificates": {"certificate_types": [TYPE], "subject": _COMPANY},
    **{f"/v1/{name}": {"certificate_type": TYPE} for name in ("verifications", "retrievals", "watches", "disputes")},
}
"""What exists, for most questions: what does not is soon refused."""


class AnyHub(Protocol):
    """A hub with stores for its roles."""

    home: HubHome
    catalogue: Catalogue

    def store(self, role: Role) -> Store: ...


class Askers:
    """Clients of one department, each for a few questions."""

    def __init__(self, hub: AnyHub) -> None:
        self._hub = hub
        self._key = new_key(ES256)
        self._asked = 0

    def __call__(self) -> tuple[str, Key]:
        """Who asks next."""
        name = f"fuzz-{self._asked // QUESTIONS_OF_ONE}"
        if self._asked % QUESTIONS_OF_ONE == 0:
            self._key = new_key(ES256)
            with self._hub.store(Role.OWNER).begin() as conn:
                clients.add_client(conn, name, "civil_affairs", "联调系统")
                clients.add_client_key(conn, name, self._key.to_jwk())
        self._asked += 1
        return name, self._key


def sender_to(hub: AnyHub, served: Served, clock: Callable[[], datetime], closing: ExitStack) -> Sender:
    """What the fuzzer needs of a served hub."""
    key = new_key(ES256)
    register_publisher(
        hub.home, "fuzz-publisher", "market_regulation", "推送系统", key.to_jwk(), by="市数据局", now=clock()
    )
    with hub.store(Role.OWNER).begin() as conn:
        grants.add_grant(conn, "civil_affairs", "verification", "", "市政数局", date(2026, 1, 1), certificate_type=TYPE)
        duties = frozenset(str(one) for one in Duty)
        accounts.add_account(conn, "fuzzer", hash_password(PASSWORD), "林小明", "civil_affairs", duties)
    session = signed_in(served, "fuzzer", closing)
    known = {"name": PUSHED, "delivery": "1", "list_id": "1", "index": "0", "size": "1", "place": "0/000"}
    return Sender(served.url, Askers(hub), ("fuzz-publisher", key), dict(session.cookies), clock, known, QUESTIONS)


@contextmanager
def fuzzed_hub() -> Iterator[Sender]:
    """A hub of its own, served on loopback as long as the block runs."""
    folder = short_lived_folder()
    cluster, home = Cluster(folder / "postgres"), HubHome(folder / "hub")
    try:
        cluster.start(DATABASE_PASSWORD)
        home.prepare()
        with ExitStack() as closing:
            yield closing.enter_context(_served(cluster, home, closing))
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@contextmanager
def _served(cluster: Cluster, home: HubHome, closing: ExitStack) -> Iterator[Sender]:
    owner = Role.OWNER.value
    cluster.create_database("fuzzed", owner, DATABASE_PASSWORD, DATABASE_PASSWORD)
    catalogue = set_up_store(home, cluster.url(owner, DATABASE_PASSWORD, "fuzzed"))
    hub = Hub(home, catalogue)
    closing.callback(hub.close)
    clock = Clock()
    clock.now = datetime.now(UTC)
    Certificates(hub, clock).add("S0001")
    with serving(hub, lambda: datetime.now(UTC)) as served:
        yield sender_to(hub, served, lambda: datetime.now(UTC), closing)
