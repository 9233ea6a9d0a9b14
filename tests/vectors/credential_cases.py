"""The suite's status lists and credentials (SD-JWT VC), good and bad."""

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence

from certificates import compact, sd_jwt
from certificates.credentials import HEADING, TYP_CREDENTIAL, TYP_KEY_BINDING, VCT
from certificates.status_lists import TYP_STATUS_LIST, State, StatusList, compose_list
from tests.vectors import material as made
from tests.vectors.cases import AT, Case

URI = "https://hub.example/v1/status-lists/1"
STATES = {7: State.SUSPENDED, 8: State.INVALID, 9: State.BEING_CHECKED}
HELD = {"holder_name": "李明", "certificate_number": "4405080001234"}


def list_token(uri: str = URI, **changes: object) -> str:
    """A status list's token."""
    payload = compose_list(StatusList.of(STATES, 64), uri, issued_at=made.NOW)
    return made.token({**payload, **changes}, made.STATUS, TYP_STATUS_LIST)


def status_lists() -> Iterator[Case]:
    """Status lists; two bits a place."""
    good, options = list_token(), {"index": "7", "uri": URI}
    bomb = compact.encode(zlib.compress(bytes(8_000_000), 9))
    other_key = made.token(compose_list(StatusList.of({}, 64), URI, issued_at=made.NOW), made.RECEIPT, TYP_STATUS_LIST)
    for name, token, why, reason, more in (
        ("status list", good, "place 7 is suspended", None, options),
        ("list at its last second", good, "it counts until its exp", None, {}),
        ("list expired", list_token(exp=AT), "its exp is the moment", "expired", {}),
        ("list of tomorrow", list_token(iat=AT + 3_600, exp=AT + 7_200), "not yet", "not yet", {}),
        ("list of another address", list_token("https://hub.example/other"), "sub is not the uri", "sub", options),
        ("place past the end", good, "there are 64 places", "place", {"index": "64"}),
        ("list that inflates", list_token(status_list={"bits": 1, "lst": bomb}), "8 MB from 8 KB", "list", {}),
        ("list of three bits", list_token(status_list={"bits": 3, "lst": "eNoDAAAAAAE"}), "1, 2, 4 or 8", "list", {}),
        ("list of another key", other_key, "a key has one purpose", "kid", {}),
        ("receipt as list", made.receipt(), "another type", "typ", {}),
    ):
        yield Case(name, "status", token.encode(), why, reason, options=dict(more))


def credential(
    held: Mapping[str, object] = HELD, shown: Sequence[str] | None = None, index: int = 3, **changes: object
) -> tuple[str, list[str]]:
    """The hub's token and the disclosures of what is shown (all of it if None); salts are digests of the names."""
    hidden = {
        name: sd_jwt.disclose(name, value, hashlib.sha256(name.encode()).digest()[:16]) for name, value in held.items()
    }
    payload = {
        "iss": made.HUB,
        "iat": made.NOW,
        "exp": made.NOW + 86_400,
        "vct": VCT,
        "heading": HEADING,
        "receipt": "0" * 32,
        "status": {"status_list": {"idx": index, "uri": URI}},
        "_sd_alg": sd_jwt.HASH_NAME,
        "_sd": sorted(sd_jwt.digest(each) for each in hidden.values()),
        **changes,
    }
    token = made.token(payload, made.CREDENTIAL, TYP_CREDENTIAL)
    return token, [each for name, each in hidden.items() if shown is None or name in shown]


def presented(token: str, disclosures: Sequence[str], binding: str = "") -> bytes:
    """As its holder shows it."""
    return "~".join([token, *disclosures, binding]).encode()


def bound(nonce: str, key: object = None, age: int = 0, shown: Sequence[str] | None = None) -> bytes:
    """A credential that is bound to the holder's key, with a proof for an audience and a nonce."""
    public = {name: value for name, value in made.HOLDER.to_jwk().items() if name in {"kty", "crv", "x", "y"}}
    token, disclosures = credential(shown=shown, cnf={"jwk": public})
    claims = {
        "iat": AT - age,
        "aud": "window-7",
        "nonce": nonce,
        "sd_hash": sd_jwt.digest(presented(token, disclosures).decode()),
    }
    signing = made.STRANGER if key == "stranger" else made.HOLDER
    return presented(token, disclosures, made.token(claims, signing, TYP_KEY_BINDING))


def credentials() -> Iterator[Case]:
    """Credentials as they are presented."""
    token, disclosures = credential()
    smuggled = sd_jwt.disclose("status", {"status_list": {"idx": 1, "uri": URI}}, bytes(16))
    lists = {"status_list": list_token().encode()}
    yield _shown("credential", presented(token, disclosures), "everything is shown; its status stays open")
    yield _shown("credential with one member", presented(*credential(shown=["certificate_number"])), "least data")
    yield _shown("credential with nothing shown", presented(token, []), "all of it stays hidden")
    yield _shown("credential in force", presented(token, disclosures), "by its status list", beside=lists)
    for index, state in ((7, "suspended"), (8, "invalid")):
        yield _shown(
            f"credential {state}", presented(*credential(index=index)), "by its list", f"status {state}", beside=lists
        )
    other = {"status_list": list_token("https://hub.example/other").encode()}
    yield _shown(
        "credential with another list", presented(token, disclosures), "not the list it names", "sub", beside=other
    )
    yield _shown("credential expired", presented(*credential(exp=AT)), "its exp is the moment", "expired")
    yield _shown("credential of tomorrow", presented(*credential(iat=AT + 3_600)), "not yet", "not yet")
    yield _shown(
        "disclosure of nothing",
        presented(token, [*disclosures, smuggled]),
        "no digest refers to it",
        "disclosure not referred to",
    )
    yield _shown(
        "disclosure twice", presented(token, [*disclosures, disclosures[0]]), "the same one again", "disclosure twice"
    )
    yield _shown("hidden status", presented(*credential(held={"iss": "x"})), "a reserved name is hidden", "name twice")
    yield _shown("without its last tilde", token.encode(), "it does not end", "form")
    yield _shown("another kind of credential", presented(*credential(vct="urn:other")), "its vct", "vct")
    yield from _bindings()


def _bindings() -> Iterator[Case]:
    asked = {"audience": "window-7", "nonce": "n-1"}
    token, disclosures = credential()
    cut = b"~".join([bound("n-1").split(b"~")[0], *bound("n-1").split(b"~")[2:]])
    for name, content, why, reason in (
        ("presented by its holder", bound("n-1"), "a fresh proof for this nonce", None),
        ("presented with another nonce", bound("n-2"), "a proof for another question", "key binding"),
        ("presented by another", bound("n-1", "stranger"), "signed with another key", "key binding"),
        ("presented late", bound("n-1", age=3_600), "an hour old", "key binding age"),
        ("presented with less than was signed", cut, "a disclosure was taken out afterwards", "sd_hash"),
        ("presented without proof", presented(token, disclosures), "a proof was demanded", "key binding"),
    ):
        yield _shown(name, content, why, reason, options=asked)


def _shown(name: str, content: bytes, why: str, reason: str | None = None, **more: dict[str, object]) -> Case:
    return Case(name, "credential", content, why, reason, **more)  # type: ignore[arg-type] # fields of Case
