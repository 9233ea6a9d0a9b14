"""A witness at another office over real HTTP: what it cosigns is served and proves; a set-back ledger is found out."""

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from certificates.checkpoints import (
    BadCheckpoint,
    Checkpoint,
    open_checkpoint,
    parse_proof,
    sign_checkpoint,
    verify_proof,
)
from certificates.cosignatures import LOG, BadVerifier, Verifier, parse_verifier, verifier, verify_cosignatures
from certificates.jose import ED25519, new_key
from certificates.keys import KeyPurpose
from certificates.receipts import verify_receipt
from exchange_api.witness_service import Witness, create_witness_app
from mianzheng.witness_home import WitnessNamelessError, open_witness
from registries.cosigning import Cosigner, WitnessPlace, read_witnesses
from registries.errors import HomeError
from registries.home import HubHome, Role
from registries.ledger_loss import accept_loss
from registries.ledger_memory import LedgerMemory
from registries.store import ledger
from registries.witness_book import UnknownLog, WitnessBook
from tests.exchange_api.conftest import Asking, Certificates, Clock, Hub, Served, listening, running

NAME, NUMBER = "office.example/w1", "S0001"


@dataclasses.dataclass
class Office:
    """Another office with a witness."""

    home: HubHome
    witness: Witness
    url: str

    @property
    def verifier(self) -> Verifier:
        return verifier(NAME, self.witness.own.key)


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    home = HubHome(tmp_path / "office")
    witness = open_witness(home, clock, NAME)
    with listening() as (bound, url), running(create_witness_app(witness), bound):
        yield Office(home, witness, url)


@contextmanager
def asking_witness(hub: Hub, served: Served, office: Office, url: str | None = None) -> Iterator[Cosigner]:
    keys = list(served.parts.keys.public_keys(KeyPurpose.CHECKPOINT).values())
    places = [WitnessPlace(office.verifier, url or office.url)]
    with httpx.Client(trust_env=False) as http:
        yield Cosigner(hub.store(Role.API), LedgerMemory.of(hub.home), places, keys, http)


def asked(hub: Hub, served: Served, office: Office, clock: Clock, url: str | None = None) -> tuple[str, int]:
    """What came of asking the witness once, and the size."""
    with asking_witness(hub, served, office, url) as asker:
        (one,) = asker.ask_all(clock())
    return one.what, one.size


def trust(office: Office, served: Served) -> str:
    origin = served.parts.answering.ledger_head.origin
    key = served.parts.keys.active(KeyPurpose.CHECKPOINT)
    office.witness.book.trust(verifier(origin, key, LOG))
    return origin


def test_a_checkpoint_is_cosigned_served_and_proves(
    hub: Hub, served: Served, office: Office, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add(NUMBER)
    answer = asking.ask(served, NUMBER).json()
    assert served.http.get("/ledger/witnessed").status_code == 404
    assert asked(hub, served, office, clock)[0] == "refused"  # nobody told it of this ledger yet
    trust(office, served)
    assert asked(hub, served, office, clock)[0] == "cosigned"
    assert asked(hub, served, office, clock)[0] == "known"
    note = served.http.get("/ledger/witnessed").text
    keys = list(served.parts.keys.public_keys(KeyPurpose.CHECKPOINT).values())
    assert open_checkpoint(note, keys).size >= 1
    assert [one.witness for one in verify_cosignatures(note, [office.verifier])] == [NAME]
    asking.ask(served, NUMBER)  # the ledger goes on; the earlier entry is proved under what was witnessed
    proof = served.http.get(f"/v1/ledger/proofs/{parse_proof(answer['proof']).index}").text
    receipt = verify_receipt(answer["receipt"], served.http.get("/v1/keys.jwks").json())
    verify_proof(proof, receipt.leaf_data, keys)
    assert verify_cosignatures(proof.partition("\n\n")[2], [office.verifier])
    assert asked(hub, served, office, clock)[0] == "cosigned"
    with hub.store(Role.OWNER).begin() as conn:
        assert ledger.check(conn, keys).faults == []


def test_a_machine_restored_whole_is_found_out_by_its_witness(
    hub: Hub, served: Served, office: Office, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    """Database and memory are set back together: nothing on this machine contradicts anything."""
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    origin = trust(office, served)
    key = served.parts.keys.active(KeyPurpose.CHECKPOINT)
    lost = sign_checkpoint(Checkpoint(origin, 900, bytes(32)), key)  # what the machine signed before it was set back
    known = office.witness.answer(f"old 0\n\n{lost}")
    assert known.status == 200
    assert asked(hub, served, office, clock) == ("behind", 900)
    refused = asking.ask(served, NUMBER)
    assert refused.status_code == 503
    assert refused.json()["code"] == "ledger-set-back"
    assert "witness" in served.http.get("/health/ready").json()["reasons"][0]["en"]
    loss = accept_loss(hub.store(Role.OWNER), LedgerMemory.of(hub.home), "image restored", "operator", clock())
    assert (loss.why, loss.last_size) == ("witness", 900)
    assert asking.ask(served, NUMBER).status_code == 200
    assert asked(hub, served, office, clock)[0] == "behind"  # until its own operator has looked too
    accept_loss(hub.store(Role.OWNER), LedgerMemory.of(hub.home), "image restored", "operator", clock())
    office.witness.book.forget(origin, "the hub's operator called", clock())
    assert asked(hub, served, office, clock)[0] == "cosigned"
    assert office.witness.book.logs()[0]["forgotten"][0]["size"] == 900


def test_a_witness_alone_can_not_stop_a_hub(
    hub: Hub, served: Served, office: Office, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    origin = served.parts.answering.ledger_head.origin
    other = new_key(ED25519)
    office.witness.book.trust(verifier(origin, other, LOG))
    trust(office, served)
    assert office.witness.answer(f"old 0\n\n{sign_checkpoint(Checkpoint(origin, 900, bytes(32)), other)}").status == 200
    assert asked(hub, served, office, clock)[0] == "refused"
    assert asking.ask(served, NUMBER).status_code == 200


def test_an_outage_of_a_witness_stops_nothing(
    hub: Hub, served: Served, office: Office, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    with listening() as (_, nobody):
        pass
    assert asked(hub, served, office, clock, nobody)[0] == "unreachable"
    assert asking.ask(served, NUMBER).status_code == 200


def test_the_service_speaks_tlog_witness(office: Office) -> None:
    key, origin = new_key(ED25519), "log.example/one"
    note = sign_checkpoint(Checkpoint(origin, 5, bytes(32)), key)
    with httpx.Client(base_url=office.url) as http:
        assert http.post("/add-checkpoint", content=f"old 0\n\n{note}".encode()).status_code == 404
        office.witness.book.trust(verifier(origin, key, LOG))
        assert http.post("/add-checkpoint", content=b"whatever").status_code == 400
        assert http.post("/add-checkpoint", content=b"x" * 70_000).status_code == 413
        cosigned = http.post("/add-checkpoint", content=f"old 0\n\n{note}".encode())
        assert cosigned.status_code == 200
        assert verify_cosignatures(note + cosigned.text, [office.verifier])
        stale = http.post("/add-checkpoint", content=f"old 0\n\n{note}".encode())
        assert (stale.status_code, stale.text, stale.headers["content-type"]) == (409, "5\n", "text/x.tlog.size")
        digest = hashlib.sha256(origin.encode()).hexdigest()
        assert http.get(f"/checkpoints/{digest}").text == note
        assert http.get(f"/checkpoints/{'0' * 64}").status_code == 404
        assert parse_verifier(http.get("/verifier").text) == office.verifier


def test_a_witness_keeps_its_name_its_key_and_its_book(office: Office, clock: Clock) -> None:
    again = open_witness(office.home, clock)
    assert (again.own.name, again.own.key.kid) == (NAME, office.witness.own.key.kid)
    with pytest.raises(WitnessNamelessError):
        open_witness(office.home, clock, "another")
    with pytest.raises(WitnessNamelessError):
        open_witness(HubHome(office.home.path / "new"), clock)
    book = WitnessBook(office.home.path / "witness")
    with pytest.raises(UnknownLog):
        book.forget("nobody", "why", clock())
    with pytest.raises(BadVerifier):
        book.trust(office.verifier)


def test_witnesses_are_read_from_the_hubs_folder(office: Office) -> None:
    assert read_witnesses(office.home.path) == []
    file = office.home.path / "witnesses.json"
    file.write_text(f'[{{"verifier": "{office.verifier}", "address": "http://127.0.0.1:1/"}}]')
    assert read_witnesses(office.home.path) == [WitnessPlace(office.verifier, "http://127.0.0.1:1")]
    for bad in ("{", '[{"verifier": "x", "address": "y"}]', '[{"address": "y"}]', '["x"]'):
        file.write_text(bad)
        with pytest.raises(HomeError):
            read_witnesses(office.home.path)


def test_nothing_but_the_logs_key_counts() -> None:
    with pytest.raises(BadCheckpoint):
        open_checkpoint(sign_checkpoint(Checkpoint("a", 1, bytes(32)), new_key(ED25519)), [new_key(ED25519)])
