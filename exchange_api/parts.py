"""What the API is composed of, made once by whoever starts it and passed in: no part is a global.

with open_parts(home, clock, ApiSettings(issuer="https://hub.example")) as parts:
app = create_app(parts)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from certificates.issuers import Issuer
from certificates.keys import KeyRing
from certificates.sealing import sealing_key
from certificates.types import CertificateType, load_types
from exchange_api.acts.batch import BatchVerification
from exchange_api.acts.case_check import CaseCheck
from exchange_api.acts.dispute import Dispute
from exchange_api.acts.matching import Matching
from exchange_api.acts.query import Query
from exchange_api.acts.receiving import ReceiveMaterial
from exchange_api.acts.retrieval import Retrieval
from exchange_api.acts.subject_certificates import SubjectCertificates
from exchange_api.acts.verification import Verification
from exchange_api.alarms import Alarms
from exchange_api.answering import Answering
from exchange_api.answers import AnsweringSettings
from exchange_api.casework.acting import Casework
from exchange_api.casework.raising import Raising
from exchange_api.completing import Completing
from exchange_api.contract_changes import ContractChanges
from exchange_api.credentials import Credentials
from exchange_api.disputes import Disputes
from exchange_api.documents_made import DocumentsMade
from exchange_api.live_sources import LiveSources
from exchange_api.meters import Meters
from exchange_api.objecting import Objecting
from exchange_api.people.accounts import People
from exchange_api.people.clients import Clients
from exchange_api.people.foreign_sign_in import BACK, ForeignSignIn
from exchange_api.people.key_uses import KeyUses
from exchange_api.people.own_account import OwnAccount
from exchange_api.people.providers import configured
from exchange_api.publisher_desk import PublisherDesk
from exchange_api.publishing import Publishing
from exchange_api.push_results import PushResults
from exchange_api.pushing import Place, Pushing
from exchange_api.readiness import Readiness
from exchange_api.receipts_kept import ReceiptsKept
from exchange_api.releasing import Releasing
from exchange_api.reporting.reports import Reports
from exchange_api.sealed_files import SealedFiles
from exchange_api.sealed_words import SealedWords
from exchange_api.sessions import Sessions
from exchange_api.sharing.applying import Applying
from exchange_api.sharing.holding import Holding
from exchange_api.stamped_proofs import StampedProofs
from exchange_api.status_lists import StatusLists
from exchange_api.trial_results import TrialResults
from exchange_api.watching.opening import Watch
from exchange_api.watching.reading import Reading
from exchange_api.workbooks import Workbooks
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.landing import Landing
from registries.ledger_memory import LedgerMemory
from registries.operators.folders import Contracts
from registries.outgoing import Outgoing
from registries.store.cases import WORKING_DAYS
from registries.store.engine import Store
from registries.time_authority import TimeAuthority
from registries.webhook_hosts import WebhookHosts
from registries.working_days import working_days

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True)
class ApiSettings:
    """Where this hub is, as clients and browsers see it.

    Attributes:
        issuer: the hub's own address, `https://hub.example`, without a path: `iss` of receipts, start of every `url`.
        audience: what clients' requests are addressed to; the issuer if empty.
        ledger_name: the origin line of checkpoints; the issuer's host and "/ledger" if empty.
        profile: what the hub signs with, a name of `certificates.key_states.PROFILES`; empty: as its keys are now.
        panel_origins: the halls' own systems that may frame the officer's panel, such as `https://hall.example`.
        second_factor_for: roles whose accounts sign in with a one-time code, too (`people.roles.Role` values).
    """

    issuer: str
    audience: str = ""
    ledger_name: str = ""
    profile: str = ""
    panel_origins: frozenset[str] = frozenset()
    second_factor_for: frozenset[str] = frozenset()

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
            ledger_name=self.ledger_name or f"{urlsplit(self.issuer).netloc}/ledger",
        )


@dataclass(frozen=True)
class Acts:
    """Everything that can be asked of this hub."""

    verification: Verification
    batch: BatchVerification
    watch: Watch
    case_check: CaseCheck
    receiving: ReceiveMaterial
    dispute: Dispute
    matching: Matching
    query: Query
    certificates: SubjectCertificates
    retrieval: Retrieval


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
    acts: Acts
    receipts: ReceiptsKept
    documents: DocumentsMade
    status_lists: StatusLists
    credentials: Credentials
    publishing: Publishing
    workbooks: Workbooks
    pushing: Pushing
    push_results: PushResults
    trial_results: TrialResults
    publisher_desk: PublisherDesk
    contract_changes: ContractChanges
    readiness: Readiness
    alarms: Alarms
    own_account: OwnAccount
    people: People
    clients: Clients
    foreign: ForeignSignIn
    stamped_proofs: StampedProofs
    applying: Applying
    holding: Holding
    watching: Reading
    disputes: Disputes
    reports: Reports
    releasing: Releasing
    completing: Completing
    objecting: Objecting
    casework: Casework
    raising: Raising

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
        landing_key = sealing_key(home.secret_or_new("landing_key"))
        landing = Landing(home.landed, landing_key)
        live = closing.enter_context(
            LiveSources(contracts.catalogue, home.sources, home.source_secret, types, clock, meters)
        )
        memory, issuers = LedgerMemory.of(home), _Issuers(contracts)
        uses = closing.enter_context(KeyUses(closing.enter_context(Store(home.store_url(Role.API)))))
        answering = closing.enter_context(
            Answering(store_api, keys, clock, settings.answering(), meters, live, memory, uses.note)
        )
        evidence = home.landed / "disputes"  # of its own: uploads are swept sooner than disputes are answered
        evidence.mkdir(mode=0o700, exist_ok=True)
        disputes = Disputes(store_api, store_page, Landing(evidence, landing_key), landing_key, clock)
        words, due = SealedWords(landing_key), _due(home)
        acts = _acts(home, contracts, _Judging(types, issuers, live), disputes, landing_key)
        pushing = closing.enter_context(Pushing(store_api, landing, contracts.catalogue, clock, settings.place()))
        lists = closing.enter_context(StatusLists(store_api, keys, clock, settings.issuer))
        publishing = Publishing(store_api, store_page, landing, home.landed, contracts.catalogue, clock)
        salts = home.secret_or_new("credential_salts").encode()
        sign_in_key = sealing_key(home.secret_or_new("sign_in_key"))
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
            sessions=Sessions(store_api, clock, sign_in_key, settings.second_factor_for),
            answering=answering,
            acts=acts,
            receipts=receipts,
            documents=DocumentsMade(store_api, keys, receipts, answering.ledger_head, types, clock),
            status_lists=lists,
            credentials=Credentials(store_api, keys, types, clock, answering, lists, settings.issuer, salts),
            publishing=publishing,
            workbooks=Workbooks(publishing, store_page, landing),
            pushing=pushing,
            push_results=PushResults(store_page, contracts.catalogue),
            trial_results=TrialResults(store_page),
            publisher_desk=PublisherDesk(
                store_page, Outgoing(home.out, landing_key), contracts.catalogue, working_days(home), clock
            ),
            contract_changes=ContractChanges(store_page, contracts, clock),
            readiness=Readiness(store_api, keys, answering, clock),
            alarms=Alarms(store_api, keys, clock, TimeAuthority.of(home) is not None),
            own_account=OwnAccount(store_api, clock, sign_in_key),
            people=People(store_api, clock, lambda: frozenset(one.id for one in contracts.catalogue().departments)),
            clients=Clients(store_api, clock, settings.audience or settings.issuer),
            foreign=ForeignSignIn(store_api, clock, configured(home), settings.issuer.rstrip("/") + BACK),
            stamped_proofs=StampedProofs(store_api, answering.ledger_head),
            applying=Applying(store_page, contracts.catalogue, types, clock, lambda: working_days(home)),
            holding=Holding(store_page, clock),
            watching=Reading(store_api, keys, clock, settings.place()),
            disputes=disputes,
            reports=Reports(store_page, contracts.catalogue, clock),
            releasing=Releasing(store_page, contracts.catalogue, words, clock),
            completing=Completing(
                store_page, contracts.catalogue, _files(home, "completions", landing_key), words, clock, due
            ),
            objecting=Objecting(
                store_page, contracts.catalogue, _files(home, "objections", landing_key), words, clock, due
            ),
            casework=Casework(
                store_page, store_api, _files(home, "cases", landing_key), words, clock, lambda: working_days(home)
            ),
            raising=Raising(store_page, contracts.catalogue, words, clock, due),
        )


def _due(home: HubHome) -> Callable[[date], date]:
    """The day by which a department has to answer what is filed on a day."""
    return lambda day: working_days(home).after(day, WORKING_DAYS)


def _files(home: HubHome, kind: str, key: bytes) -> SealedFiles:
    """Scans of one kind, in a folder of their own: uploads are swept sooner than they are needed."""
    folder = home.landed / kind
    folder.mkdir(mode=0o700, exist_ok=True)
    return SealedFiles(Landing(folder, key))


class _Judging(NamedTuple):
    """What certificates are found and judged with."""

    types: Mapping[str, CertificateType]
    issuers: Callable[[date], Mapping[str, Issuer]]
    live: LiveSources


def _acts(home: HubHome, contracts: Contracts, judging: _Judging, disputes: Disputes, sealing: bytes) -> Acts:
    """The acts over these parts; `sealing` encrypts what travels beside answers."""
    verification = Verification(*judging)
    case_check = CaseCheck(contracts.catalogue, *judging)
    return Acts(
        verification,
        BatchVerification(verification),
        Watch(verification, WebhookHosts(home.path)),
        case_check,
        ReceiveMaterial(case_check.item_of),
        Dispute(contracts.catalogue, disputes.seal, _due(home)),
        Matching(contracts.catalogue),
        Query(contracts.catalogue, sealing),
        SubjectCertificates(judging.types, sealing),
        Retrieval(Verification(*judging, "retrieval")),
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
