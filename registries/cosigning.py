"""Asks witnesses at other offices to cosign the ledger's latest checkpoint, and keeps what they say.

    cosigner = Cosigner(store_api, LedgerMemory.of(home), read_witnesses(home.path), opener)
    cosigner.ask_all(now)              # off the way of any question; an outage stops nothing

A witness that holds a larger checkpoint of this ledger, signed by its key, or another root for the same size, proves
that the ledger was set back or forked although all that this machine knows agrees with itself (a whole machine restored
from its image): then nothing is signed any more.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from certificates import merkle
from certificates.checkpoints import BadCheckpoint, Checkpoint, open_checkpoint
from certificates.cosignatures import WITNESS, BadVerifier, Verifier, parse_verifier, witness_lines
from certificates.jose import Key
from certificates.witness import Submission
from registries.errors import HomeError
from registries.ledger_memory import LedgerMemory, Remembered
from registries.store import cosignatures, ledger
from registries.store.engine import Store
from registries.store.ledger_rows import Cosignature

FILE = "witnesses.json"
SECONDS = 10.0
_MOST_ANSWER = 65_536
_log = logging.getLogger("mianzheng.cosigning")


@dataclass(frozen=True)
class WitnessPlace:
    """A witness that this hub asks: its verifier key, and the address below which `add-checkpoint` is."""

    verifier: Verifier
    address: str


@dataclass(frozen=True)
class Outcome:
    """What came of asking one witness.

    Attributes:
        what: `cosigned`, `known` (cosigned before), `empty`, `behind`, `forked`, `refused` or `unreachable`.
        size: of the checkpoint that it was about.
    """

    witness: str
    what: str
    size: int


def read_witnesses(home: Path) -> list[WitnessPlace]:
    """The witnesses of `HUB_HOME/witnesses.json`, a list of `{"verifier": …, "address": …}`; none without the file.

    Raises:
        HomeError: the file can't be read.
    """
    file = home / FILE
    if not file.exists():
        return []
    try:
        told = json.loads(file.read_text("utf-8"))
        places = [WitnessPlace(parse_verifier(one["verifier"]), str(one["address"]).rstrip("/")) for one in told]
    except (OSError, ValueError, TypeError, KeyError, BadVerifier) as error:
        raise _malformed() from error
    if any(one.verifier.kind != WITNESS for one in places):
        raise _malformed()
    return places


class Cosigner:
    """Asks the witnesses of one hub."""

    def __init__(
        self,
        store: Store,
        memory: LedgerMemory,
        witnesses: Sequence[WitnessPlace],
        keys: Sequence[Key],
        http: httpx.Client,
    ) -> None:
        self._store = store
        self._memory = memory
        self._witnesses = witnesses
        self._keys = keys
        self._http = http

    def ask_all(self, now: datetime) -> list[Outcome]:
        """Ask every witness about the latest checkpoint; none is asked twice about the same."""
        with self._store.begin() as conn:
            kept = ledger.latest_checkpoint(conn)
        if kept is None:
            return [Outcome(one.verifier.name, "empty", 0) for one in self._witnesses]
        outcomes = [self._ask(one, kept, now) for one in self._witnesses]
        for one in outcomes:
            if one.what not in {"cosigned", "known"}:
                _log.warning("witness %s: %s at size %d", one.witness, one.what, one.size)
        return outcomes

    def _ask(self, place: WitnessPlace, kept: ledger.Checkpoint, now: datetime) -> Outcome:
        name = place.verifier.name
        with self._store.begin() as conn:
            known = cosignatures.last_of(conn, name)
        if known >= kept.size:
            return Outcome(name, "known", kept.size)
        try:
            answer = self._submit(place, kept, known)
            if answer.status_code == httpx.codes.CONFLICT:
                return self._again(place, kept, answer.text.strip(), now)
            return self._taken(place, kept, answer, now)
        except httpx.HTTPError:
            return Outcome(name, "unreachable", kept.size)

    def _again(self, place: WitnessPlace, kept: ledger.Checkpoint, told: str, now: datetime) -> Outcome:
        """The witness told the size that it knows: go on from there, or see what it holds against us."""
        name = place.verifier.name
        size = int(told) if told.isascii() and told.isdigit() and len(told) < len(str(2**63)) else None
        if size is None:
            return Outcome(name, "refused", kept.size)
        if size > kept.size:
            return self._held_against_us(place, kept)
        return self._taken(place, kept, self._submit(place, kept, size), now)

    def _submit(self, place: WitnessPlace, kept: ledger.Checkpoint, old: int) -> httpx.Response:
        with self._store.begin() as conn:
            read = ledger.node_reader(conn)
            proof = merkle.consistency_proof(old, kept.size, read) if 0 < old < kept.size else []
        body = Submission(old, tuple(proof), kept.note).text()
        return self._http.post(f"{place.address}/add-checkpoint", content=body.encode(), timeout=SECONDS)

    def _taken(self, place: WitnessPlace, kept: ledger.Checkpoint, answer: httpx.Response, now: datetime) -> Outcome:
        name = place.verifier.name
        if answer.status_code in {httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.CONFLICT}:
            return self._held_against_us(place, kept)
        if answer.status_code != httpx.codes.OK or len(answer.content) > _MOST_ANSWER:
            return Outcome(name, "refused", kept.size)
        line = witness_lines(answer.text, [place.verifier], kept.note).get(name)
        if line is None:
            return Outcome(name, "refused", kept.size)
        with self._store.begin() as conn:
            cosignatures.keep(conn, [Cosignature(kept.size, name, str(place.verifier), line)], now)
        return Outcome(name, "cosigned", kept.size)

    def _held_against_us(self, place: WitnessPlace, kept: ledger.Checkpoint) -> Outcome:
        """Only what this ledger's own key signed counts: a witness alone can't stop a hub."""
        name = place.verifier.name
        found = self._last_known(place, kept.note.partition("\n")[0])
        if found is None:
            return Outcome(name, "refused", kept.size)
        with self._store.begin() as conn:
            now = ledger.latest_checkpoint(conn)
            ours = ledger.root_at(conn, found.size) if now is not None and found.size <= now.size else None
        if ours == found.root:
            return Outcome(name, "known", found.size)  # another process of ours was quicker
        self._memory.doubt("witness", Remembered(found.size, found.root, ""))
        return Outcome(name, "behind" if ours is None else "forked", found.size)

    def _last_known(self, place: WitnessPlace, origin: str) -> Checkpoint | None:
        digest = hashlib.sha256(origin.encode()).hexdigest()
        answer = self._http.get(f"{place.address}/checkpoints/{digest}", timeout=SECONDS)
        if answer.status_code != httpx.codes.OK or len(answer.content) > _MOST_ANSWER:
            return None
        try:
            return open_checkpoint(answer.text, self._keys, origin=origin)
        except BadCheckpoint:
            return None


def _malformed() -> HomeError:
    shape: Any = '[{"verifier": "name+id+key", "address": "https://…"}]'
    return HomeError(f"HUB_HOME/{FILE} 不可读。它应是 {shape}", f"HUB_HOME/{FILE} can't be read; it should be {shape}")
