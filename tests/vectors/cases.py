"""The suite's cases: for each a file, what stands beside it, and whether it is to be accepted, with the reason if not.

The reasons are those of this verifier; others need only agree on what is accepted.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.jose import raw_signature
from certificates.offline_code import pages
from certificates.receipts import TYP_REQUEST
from certificates.trust_root import fingerprint, fingerprint_of, sign_key_set
from tests.quirky_tokens import MISSPELLED, QUIRKY
from tests.vectors import material as made

AT = made.NOW + 60
KEYS = "keys.jwks"


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        name: Of the case, and of its file without the ending.
        kind: What the file is to be taken for.
        content: The file.
        why: In a few words, what it is about.
        reason: The code of the first check that fails; None where it is to be accepted.
        beside: Options to files that stand beside it, by their content: ``proof``, ``receipt``, ``status_list``.
        options: Further options: ``root``, ``index``, ``uri``, ``audience``, ``nonce``.
        folder: For a mirrored ledger, its files; then the case's file is a folder.
        at: Unix time to judge by.
        keys: The JWK set that the verifier is given.
        profile: ``sm`` for cases that need SM2 and SM3.
    """

    name: str
    kind: str
    content: bytes
    why: str
    reason: str | None = None
    beside: dict[str, bytes] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    folder: dict[str, bytes] = field(default_factory=dict)
    at: int = AT
    keys: str = KEYS
    profile: str = "standard"

    @property
    def file(self) -> str:
        """Its place below the suite's folder."""
        name = self.name.replace(" ", "-").replace("'", "")
        return f"{self.kind}/{name}" + ("" if self.folder else ".txt")

    def to_json(self) -> dict[str, Any]:
        """As ``cases.json`` has it; the files beside it are named after it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "file": self.file,
            "keys": self.keys,
            "profile": self.profile,
            "at": self.at,
            **{name: f"{self.file.removesuffix('.txt')}.{name}" for name in self.beside},
            **self.options,
            "accept": self.reason is None,
            **({} if self.reason is None else {"reason": self.reason}),
            "why": self.why,
        }


LEDGER = made.receipts_ledger()


def receipts() -> Iterator[Case]:
    """Receipts and, for some, the proof that they are in the ledger."""
    good = made.receipt(2)
    yield _receipt("plain", good, "as the hub signs it")
    yield _receipt("with its line feed", good + "\n", "a text file may end with one line feed")
    yield _receipt("with its proof", good, "and it stands in the ledger", beside={"proof": LEDGER.proof(1).encode()})
    refused = {**made.VERIFICATION, "code": "refused", "certificate": None, "lines": []}
    yield _receipt("refusal", made.receipt(1, verification=refused), "a negative answer is a receipt, too")
    old = made.token(made.payload(1, iat=made.RETIRED), made.OLD_RECEIPT)
    yield _receipt("key that counted then", old, "signed at the last second of its key")
    late = made.token(made.payload(1, iat=made.RETIRED + 1), made.OLD_RECEIPT)
    yield _receipt("key that did not count any more", late, "signed a second after its key's end", "key retired")
    yield _receipt("key of nobody", made.token(made.payload(), made.STRANGER), "the key is not the hub's", "kid")
    yield _receipt("key for another purpose", made.token(made.payload(), made.STATUS), "a key has one purpose", "kid")
    yield _receipt("request as receipt", made.token(made.payload(), typ=TYP_REQUEST), "of another type", "typ")
    yield _receipt("member too many", made.receipt(1, extra=1), "receipts have these members and no others", "claims")
    yield _receipt("time as text", made.receipt(1, iat=str(made.NOW)), "times are integers", "claims")
    yield _receipt(
        "from the future", made.receipt(1, iat=AT + 3_600), "an hour after it is looked at", "from the future"
    )
    yield _receipt("two line feeds", good + "\n\n", "one spelling", "form")
    yield _receipt(
        "another character", good[:300] + ("A" if good[300] != "A" else "B") + good[301:], "one character", "json"
    )
    yield from _proofs_beside(good)


def _proofs_beside(good: str) -> Iterator[Case]:
    other = made.ledger(LEDGER.leaves[:4])
    forged = made.ledger(LEDGER.leaves, made.OTHER_LOG)
    for name, proof, why, reason in (
        ("with another's proof", LEDGER.proof(0), "the proof is of entry 0", "path"),
        ("with a wrong index", LEDGER.proof(1).replace("index 1", "index 3"), "the index was changed", "path"),
        ("with an older head", other.proof(1), "the tree was smaller then", None),
        ("with a forged head", forged.proof(1), "the checkpoint is signed with another log's key", "unsigned"),
        ("with a proof cut short", LEDGER.proof(1)[:60], "cut", "form"),
    ):
        yield _receipt(name, good, why, reason, beside={"proof": proof.encode()})


def _receipt(name: str, token: str, why: str, reason: str | None = None, **more: Any) -> Case:  # noqa: ANN401 - fields of Case
    return Case(name, "receipt", token.encode(), why, reason, **more)


def quirks() -> Iterator[Case]:
    """Tokens that lenient libraries take; signed rightly by the hub's key."""
    for name, (make, reason) in {**QUIRKY, **MISSPELLED}.items():
        token = make(made.RECEIPT, "hub-receipt+jwt", made.payload())
        yield Case(f"quirk {name}", "receipt", token.encode(), f"its signature is right: {name}", reason)


def notes() -> Iterator[Case]:
    """Checkpoints."""
    note = LEDGER.note
    text, _, line = note.partition("\n\n")
    stranger = sign_checkpoint(LEDGER.head, made.OTHER_LOG).partition("\n\n")[2]
    yield _note("checkpoint", note, "of five entries")
    yield _note("empty log", made.ledger(()).note, "of none")
    yield _note(
        "with a witness", f"{text}\n\n{stranger.replace(made.ORIGIN, 'witness.example')}{line}", "another's line"
    )
    yield _note("of another log's key", sign_checkpoint(LEDGER.head, made.OTHER_LOG), "no key of this log", "unsigned")
    yield _note("larger", note.replace("\n5\n", "\n6\n"), "the size was changed", "signature")
    yield _note(
        "of another log", note.replace(f"{made.ORIGIN}\n5", "other.example/ledger\n5"), "the origin", "unsigned"
    )
    yield _note("unsigned", f"{text}\n\n", "without a signature line", "form")
    yield _note("one blank line less", note.replace("\n\n", "\n"), "its text is not closed", "form")
    yield _note("carriage returns", note.replace("\n", "\r\n"), "another line end", "form")
    yield _note("size with a zero", note.replace("\n5\n", "\n05\n"), "another spelling", "origin or size")
    yield _note("more lines", _signed("hub.example/ledger\n5\n" + "A" * 43 + "=\nmore\n"), "an extension line", "lines")
    yield _note("root of 31 bytes", _signed(f"{made.ORIGIN}\n5\n{'A' * 40}AA==\n"), "too short", "root")


def _signed(text: str) -> str:
    """Any text, signed as the log signs its checkpoints."""
    line = sign_checkpoint(Checkpoint(made.ORIGIN, 0, bytes(32)), made.LOG).rpartition(" ")[2]
    key_id = base64.b64decode(line)[:4]
    signature = base64.b64encode(key_id + raw_signature(text.encode(), made.LOG)).decode()
    return f"{text}\n— {made.ORIGIN} {signature}\n"


def _note(name: str, note: str, why: str, reason: str | None = None) -> Case:
    return Case(name, "note", note.encode(), why, reason)


def proofs() -> Iterator[Case]:
    """Proofs of inclusion, with the receipt that they are about."""
    beside, proof = {"receipt": made.receipt(2).encode()}, LEDGER.proof(1)
    lines = proof.split("\n")
    cases = (
        ("proof", proof, "of entry 1", None),
        ("proof with an extra line", proof.replace("\nindex", "\nextra AAAA\nindex"), "opaque to a verifier", None),
        ("proof of another version", proof.replace("@v1", "@v2"), "another format", "form"),
        ("proof without a hash", "\n".join([*lines[:2], *lines[3:]]), "the path is too short", "path"),
        ("proof with a hash more", "\n".join([*lines[:3], lines[2], *lines[3:]]), "the path is too long", "path"),
        ("proof past the end", proof.replace("index 1", "index 5"), "there is no such entry", "path"),
        ("proof with a signed index", proof.replace("index 1", "index +1"), "another spelling", "index"),
        ("proof with a padded hash", proof.replace(lines[2], lines[2] + "="), "another spelling", "hash"),
    )
    for name, text, why, reason in cases:
        yield Case(name, "proof", text.encode(), why, reason, beside)
    yield Case("proof by itself", "proof", proof.encode(), "without its receipt the path stays open")


def codes() -> Iterator[Case]:
    """Offline codes as text."""
    lines = pages(made.receipt(2), LEDGER.proof(1))
    other = pages(made.receipt(3), LEDGER.proof(2))
    digit = lines[0][30]
    damaged = lines[0][:30] + ("A" if digit != "A" else "B") + lines[0][31:]
    for name, text, why, reason in (
        ("code", "\n".join(lines), "receipt and proof", None),
        ("code backwards", "\n".join(reversed(lines)), "lines in any order", None),
        ("code without a part", "\n".join(lines[1:]), "a line is missing", "parts missing"),
        ("code damaged", "\n".join([damaged, *lines[1:]]), "a character was changed", "digest"),
        ("code of another version", "\n".join(lines).replace("MZ1:", "MZ9:"), "none that is known", "version"),
        ("codes of two receipts", "\n".join([*lines, *other]), "one receipt at a time", "several receipts"),
    ):
        yield Case(name, "code", text.encode(), why, reason)


def key_sets() -> Iterator[Case]:
    """Published key sets against their trust root."""
    own, other = fingerprint(made.JWKS), fingerprint_of(made.OTHER_ROOT)
    less = {**made.JWKS, "keys": made.KEYS[:-1]}
    forged = {**made.JWKS, "signatures": [sign_key_set(made.KEYS, made.OTHER_ROOT, made.NOW)]}
    for name, jwks, root, why, reason in (
        ("keys", made.JWKS, own, "and the fingerprint printed on receipts", None),
        ("keys with the fingerprint run together", made.JWKS, own.replace(" ", "").lower(), "another spelling", None),
        ("keys of another root", made.JWKS, other, "the fingerprint is another", "no such root"),
        ("keys with one less", less, own, "a key was taken away", "digest"),
        ("keys signed by another", forged, own, "the signature is another root's", "unsigned"),
    ):
        yield Case(name, "keys", made.as_json(jwks), why, reason, options={"root": root})


def logs() -> Iterator[Case]:
    """Mirrored ledgers (tlog-tiles) as folders."""
    files = LEDGER.files()
    entries = bytearray(files["tile/entries/000.p/5"])
    entries[40] ^= 1
    hashes = bytearray(files["tile/0/000.p/5"])
    hashes[70] ^= 1
    other = made.ledger((*LEDGER.leaves[:4], bytes(32))).note.encode()
    for name, changes, why, reason in (
        ("ledger", {}, "five entries", None),
        ("ledger with an entry changed", {"tile/entries/000.p/5": bytes(entries)}, "entry 1", "entry"),
        ("ledger with a hash changed", {"tile/0/000.p/5": bytes(hashes)}, "of entry 2", "entry"),
        ("ledger with another head", {"checkpoint": other}, "a fork: entry 4 differs", "root"),
        ("ledger with a stray file", {"tile/0/notes": b"x"}, "no tile is called so", "stray"),
    ):
        yield Case(name, "log-fsck", b"", why, reason, folder={**files, **changes})


def all_cases() -> list[Case]:
    """Every case of the suite, in order."""
    from tests.vectors.credential_cases import credentials, status_lists
    from tests.vectors.sm_cases import sm_proofs, sm_receipts

    standard = (receipts, quirks, notes, proofs, codes, key_sets, logs, status_lists, credentials)
    groups = (*standard, sm_receipts, sm_proofs)
    return [case for group in groups for case in group()]
