"""What the API is composed of, made once by whoever starts it and passed in: no part is a global.

with open_parts(home, clock, ApiSettings(issuer="https://hub.example")) as parts:
app = create_app(parts)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from certificates.issuers import Issuer
from certificates.keys import KeyRing
from certificates.sealing import sealing_key
from certificates.types import CertificateType, load_types
from exchange_api.alarms import Alarms
from exchange_api.answering import Answering, AnsweringSettings
from exchange_api.credentials import Credentials
from exchange_api.documents_made import DocumentsMade
from exchange_api.live_sources import LiveSources
from exchange_api.meters import Meters
from exchange_api.publishing import Publishing
from exchange_api.push_results import PushResults
from exchange_api.pushing import Place, Pushing
from exchange_api.readiness import Readiness
from exchange_api.receipts_kept import ReceiptsKept
from exchange_api.sessions import Sessions
from exchange_api.stamped_proofs import StampedProofs
from exchange_api.status_lists import StatusLists
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.landing import Landing
from registries.ledger_memory import LedgerMemory
from registries.operators.folders import Contracts
from registries.store.engine import Store
from registries.time_authority import TimeAuthority

VERIFICATIONS_PATH = "/v1/verifications"
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True)
class ApiSettings:
    """Where this hub is, as clients and browsers see it.

    Attributes:
        issuer: the hub's own address, `https://hub.example`, without a path: `iss` of receipts, start of every `url`.
        audience: what clients' requests are addressed to; the issuer if empty.
        ledger_name: the origin line of checkpoints; the issuer's host and "/ledger" if empty.
        profile: what the hub signs with, a name of `certificates.key_states.PROFILES`; empty: as its keys are now.
    """

    issuer: str
    audience: str = ""
    ledger_name: str = ""
    profile: str = ""

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers reach the hub by TLS; only a hub on loopback does without."""
        return self.issuer.startswith("https://")

    @property
    def origins(self) -> frozenset[str]:
        """The origins from which our own pages send forms."""
        here = urlsplit(self.issuer)
        names = _LOOPBACK if here.hostname in _LOOPBACK else {here.hostname or ""}
        port = f":{here.port}" if here.port else ""
        return frozenset(f"{here.scheme}://{name}{port}" for name in names)

    def place(self) -> Place:
        """What the way of a pushed delivery needs of this."""
        return Place(self.issuer.rstrip("/"), self.audience or self.issuer)

    def answering(self) -> AnsweringSettings:
        """What the way of a question needs of this."""
        return AnsweringSettings(
            issuer=self.issuer,
            audience=self.audience or self.issuer,
            url=self.issuer.rstrip("/") + VERIFICATIONS_PATH,
            ledger_name=self.ledger_name or f"{urlsplit(self.issuer).netloc}/ledger",
        )


@dataclass(frozen=True)
class HubParts:
    """Everything that routes and pages use."""

    home: HubHome
    settings: ApiSettings
    clock: Callable[[], datetime]
    store_api: Store
    store_page: Store
    keys: KeyRing
    types: Mapping[str, CertificateType]
    contracts: Contracts
    landing: Landing
    meters: Meters
    sessions: Sessions
    answering: Answering
    receipts: ReceiptsKept
    documents: DocumentsMade
    status_lists: StatusLists
    credentials: Credentials
    publishing: Publishing
    pushing: Pushing
    push_results: PushResults
    readiness: Readiness
    alarms: Alarms
    stamped_proofs: StampedProofs

    @property
    def catalogue(self) -> Catalogue:
        """Every department, register and dataset in force now: operators change theirs while the hub runs."""
        return self.contracts.catalogue()


@contextmanager
def open_parts(home: HubHome, clock: Callable[[], datetime], settings: ApiSettings) -> Iterator[HubParts]:
    """Open everything that the API needs, answer while the block runs, then close it all.

    Raises:
        registries.errors.HomeError: a secret is missing.
        certificates.keys.KeysLocked, certificates.keys.KeysBroken: the keys can't be used.
    """
    with ExitStack() as closing:
        store_api = closing.enter_context(Store(home.store_url(Role.API)))
        store_page = closing.enter_context(Store(home.store_url(Role.PAGE)))
        keys = open_keys(home, clock(), settings.profile)
        types, contracts, meters = load_types(), Contracts(home), Meters()
        landing = Landing(home.landed, sealing_key(home.secret_or_new("landing_key")))
        live = closing.enter_context(
            LiveSources(contracts.catalogue, home.sources, home.source_secret, types, clock, meters)
        )
        memory, issuers = LedgerMemory.of(home), _Issuers(contracts)
        answering = closing.enter_context(
            Answering(store_api, keys, types, clock, settings.answering(), meters, live, memory, issuers)
        )
        pushing = closing.enter_context(Pushing(store_api, landing, contracts.catalogue, clock, settings.place()))
        lists = closing.enter_context(StatusLists(store_api, keys, clock, settings.issuer))
        salts = home.secret_or_new("credential_salts").encode()
        receipts = ReceiptsKept(store_api, keys, answering.ledger_head)
        yield HubParts(
            home=home,
            settings=settings,
            clock=clock,
            store_api=store_api,
            store_page=store_page,
            keys=keys,
            types=types,
            contracts=contracts,
            landing=landing,
            meters=meters,
            sessions=Sessions(store_api, clock),
            answering=answering,
            receipts=receipts,
            documents=DocumentsMade(store_api, keys, receipts, answering.ledger_head, types, clock),
            status_lists=lists,
            credentials=Credentials(store_api, keys, types, clock, answering, lists, settings.issuer, salts),
            publishing=Publishing(store_api, store_page, landing, home.landed, contracts.catalogue, clock),
            pushing=pushing,
            push_results=PushResults(store_page, contracts.catalogue),
            readiness=Readiness(store_api, keys, answering, clock),
            alarms=Alarms(store_api, keys, clock, TimeAuthority.of(home) is not None),
            stamped_proofs=StampedProofs(store_api, answering.ledger_head),
        )


class _Issuers:
    """The issuing authorities of the catalogue in force, worked out once for each catalogue and day."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._known: tuple[Catalogue | None, date | None, Mapping[str, Issuer]] = (None, None, {})

    def __call__(self, today: date) -> Mapping[str, Issuer]:
        catalogue = self._contracts.catalogue()
        of, on, issuers = self._known
        if of is not catalogue or on != today:
            issuers = catalogue.issuers(today)
            self._known = (catalogue, today, issuers)
        return issuers
