"""Differential fuzzing: what the strict door accepts, joserfc accepts too, and reads the same.

Tokens are made by changing good ones: header and payload texts, their encodings, the signature; most are signed again
after the change, so that the form is tried and not only the signature. An hour by hand
(`python -m tests.checks.differential --minutes 60`), a minute in `make check`. The seed is printed; it makes the same
changes again.
"""

import argparse
import json
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from certificates import compact
from certificates.jose import ED25519, ES256, Key, VerificationError, new_key, sign, verify

TYP = "example+jwt"
ALPHABET = string.ascii_letters + string.digits + "-_"
VALUES = (
    *("1", "-0", "1.0", "1e2", "1E400", "NaN", "Infinity", "true", "null", '""', '"\\ud83d\\ude00"', '"\\ud800"', "{}"),
    *(
        '"\\u0000"',
        '"中"',
        "[]",
        "[[[[[[[[[]]]]]]]]]",
        "99999999999999999999999999",
        '"\\/"',
        "01",
        "'a'",
        "0x1",
        " 1 ",
    ),
)
MOSTLY = 0.8
NAMES = ("alg", "kid", "typ", "iss", "a", "crit", "b64", "jwk", "\\u0061lg", "", "名")


@dataclass
class Tally:
    """What became of the tokens, and those that the two read differently."""

    made: int = 0
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)


class Fuzzer:
    """Makes tokens and has both read them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._keys = [new_key(ES256), new_key(ED25519)]
        self._theirs = {key.kid: _of_joserfc(key) for key in self._keys}
        self._known = {key.kid: key.public_only() for key in self._keys}
        self.tally = Tally()

    def run(self, until: Callable[[], bool]) -> Tally:
        """Go on until told to stop."""
        while not until():
            self.compare(self.make())
        return self.tally

    def compare(self, token: str) -> None:
        """Have both read one token; only what the strict door accepts is of interest."""
        self.tally.made += 1
        try:
            ours = verify(token, self._known, TYP)
        except VerificationError as error:
            self.tally.reasons[error.reason] += 1
            return
        self.tally.accepted += 1
        if self._as_joserfc_reads(token, ours.header["kid"]) != (dict(ours.header), dict(ours.payload)):
            self.tally.differing.append(token)

    def _as_joserfc_reads(self, token: str, kid: str) -> tuple[Any, Any] | None:
        key = next(known for known in self._keys if known.kid == kid)
        try:
            theirs = jws.deserialize_compact(token, self._theirs[kid], algorithms=[key.alg])
            return dict(theirs.headers()), json.loads(theirs.payload)
        except (JoseError, ValueError):
            return None

    def make(self) -> str:
        """A token: a good one, changed once or twice, and signed before or after."""
        key = self._random.choice(self._keys)
        header = json.dumps({"alg": key.alg, "kid": key.kid, "typ": TYP})
        texts = [header, self._payload()]
        for _ in range(self._random.choice((0, 1, 1, 2))):
            place = self._random.randrange(2)
            texts[place] = self._random.choice(self._text_changes())(texts[place])
        parts = [compact.encode(text.encode("utf-8", "surrogatepass")) for text in texts]
        if self._random.random() < 0.3:
            place = self._random.randrange(2)
            parts[place] = self._misspelled(parts[place])
        text = ".".join(parts)
        token = sign(text.encode("ascii"), key)
        return token if self._random.random() < MOSTLY else self._changed(token)

    def _payload(self) -> str:
        members = {
            self._random.choice("abcde"): self._random.choice((1, "x", None, [1], {"b": True}, "中文")) for _ in "12"
        }
        spaced = self._random.choice(((",", ":"), (", ", ": "), (" ,\n", "\t:")))
        return json.dumps(members, separators=spaced, ensure_ascii=self._random.random() < 0.5)

    def _text_changes(self) -> Sequence[Callable[[str], str]]:
        return (self._with_member, self._with_member, self._with_value, self._changed, self._with_blanks)

    def _with_member(self, text: str) -> str:
        added = f'"{self._random.choice(NAMES)}":{self._random.choice(VALUES)}'
        return self._random.choice((text[:-1] + "," + added + "}", "{" + added + "," + text[1:]))

    def _with_value(self, text: str) -> str:
        try:
            members = list(json.loads(text))
        except ValueError:
            return text
        if not members:
            return text
        name = self._random.choice(members)
        rest = {key: value for key, value in json.loads(text).items() if key != name}
        return json.dumps(rest)[:-1] + (", " if rest else "") + f'"{name}": {self._random.choice(VALUES)}' + "}"

    def _with_blanks(self, text: str) -> str:
        return self._random.choice((" " + text, text + "\n", "\ufeff" + text, text.replace(":", " : "), text + "\0"))

    def _changed(self, text: str) -> str:
        place = self._random.randrange(len(text) + 1)
        mark = self._random.choice(ALPHABET + '=.+/ \n\r\t\x00é{}[]",:')
        return self._random.choice(
            (text[:place] + mark + text[place:], text[:place] + mark + text[place + 1 :], text[:place])
        )

    def _misspelled(self, part: str) -> str:
        return self._random.choice(
            (part + "=", part + "==", part[:-1] + self._random.choice(ALPHABET), part + "\n", part[:-1])
        )


def _of_joserfc(key: Key) -> ECKey | OKPKey:
    bare = {name: value for name, value in key.to_jwk().items() if name not in {"alg", "use", "kid"}}
    return ECKey.import_key(bare) if key.alg == ES256 else OKPKey.import_key(bare)


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if a token was read differently; each is printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    end = time.monotonic() + options.minutes * 60
    tally = Fuzzer(seed).run(lambda: time.monotonic() >= end)
    print(f"differential: {tally.made} tokens, {tally.accepted} accepted and read alike, seed {seed}")
    print("refused:", ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common()))
    for token in tally.differing:
        print("READ DIFFERENTLY:", repr(token))
    return 1 if tally.differing or not tally.accepted else 0


if __name__ == "__main__":
    sys.exit(main())
