"""Natural resources pushes what was registered: signed batches of NDJSON, in its own sequence, until the hub has them.

How far it has come stands in its folder, so that it goes on where it was stopped, on whatever day. A batch that was
sent but not acknowledged is sent again with the same bytes, which the hub recognises.
"""

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import jwt
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sample_city.city import City, found
from sample_city.columns import Columns, moments, pick, take
from sample_city.department_folder import DepartmentFolder
from sample_city.draws import Index
from sample_city.drops import json_lines
from sample_city.errors import HubDownError
from sample_city.real_estate import DATASET

DEPARTMENT = "natural_resources"
CLIENT = "demo-real-estate-system"
KEY, PUBLIC, PROGRESS = "key.pem", "public.jwk.json", "progress.json"
NEW, CHANGED, DELETED = "I", "U", "D"
MOST = 2_000  # certificates of one batch: at most 4,000 rows
LIFETIME = 60
LOOK_EVERY, AGAIN_AFTER = 1.0, 2.0  # seconds
NUMBERS = ("share", "other_shares")
_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class Progress:
    """What the hub has acknowledged: the day's parts of one city, and the last sequence of all."""

    city: str = ""
    day: int = 0
    parts: int = 0
    sequence: int = 0


def private_key(folder: DepartmentFolder) -> ec.EllipticCurvePrivateKey:
    """The department's signing key, made when it is first asked for; its public half is kept beside it."""
    pem = folder.kept(KEY)
    if pem is None:
        made = ec.generate_private_key(ec.SECP256R1())
        pem = folder.keep(KEY, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("natural resources' key is no key of an elliptic curve")
    folder.keep(PUBLIC, json.dumps(public_jwk(key)))
    return key


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half as JWK (RFC 7517); `kid` is its thumbprint (RFC 7638)."""
    numbers = key.public_key().public_numbers()
    x, y = (_encoded(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    bare = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    digest = hashlib.sha256(json.dumps(bare, separators=(",", ":"), sort_keys=True).encode()).digest()
    return bare | {"kid": _encoded(digest), "alg": "ES256", "use": "sig"}


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def push_for_ever(home: Path, hub: str) -> None:
    """Push whatever is due, and look again every second; the hub at `hub` may be down for a while."""
    folder = DepartmentFolder(home, DEPARTMENT)
    private_key(folder)
    while True:
        try:
            while push_next(folder, hub):
                pass
        except HubDownError:
            time.sleep(AGAIN_AFTER)
        time.sleep(LOOK_EVERY)


def push_next(folder: DepartmentFolder, hub: str) -> bool:
    """Push the next part that is due; False if there is none.

    Raises:
        HubDownError: it was not acknowledged.
    """
    city, progress = found(folder.home), progress_of(folder)
    if city is None:
        return False
    due = _next_part(city, progress)
    if due is None:
        return False
    day, part, body = due
    sequence = _sent(folder, hub, progress.sequence + 1, body)
    folder.keep(PROGRESS, json.dumps(asdict(Progress(city.label, day, part + 1, sequence))))
    return True


def progress_of(folder: DepartmentFolder) -> Progress:
    """How far it has come."""
    kept = folder.kept(PROGRESS)
    return Progress() if kept is None else Progress(**json.loads(kept))


def is_done(home: Path) -> bool:
    """Whether the hub has everything up to the city's day."""
    city, progress = found(home), progress_of(DepartmentFolder(home, DEPARTMENT))
    return city is not None and _next_part(city, progress, make=False) is None


def bodies(city: City, progress: Progress) -> Iterator[tuple[Progress, bytes]]:
    """What is still to be pushed, in its order: each body, and how far it has come when that is acknowledged."""
    while (due := _next_part(city, progress)) is not None:
        day, part, body = due
        progress = Progress(city.label, day, part + 1, progress.sequence + 1)
        yield progress, body


def _next_part(city: City, progress: Progress, *, make: bool = True) -> tuple[int, int, bytes] | None:
    """Day, number and body of the part behind `progress`; None when everything up to the city's day is there."""
    at = progress if progress.city == city.label else replace(progress, city=city.label, day=0, parts=0)
    for day in range(at.day, city.days + 1):
        parts = _parts(city, day)
        number = at.parts if day == at.day else 0
        if number < len(parts):
            return day, number, _body(city, day, *parts[number]) if make else b""
    return None


def _parts(city: City, day: int) -> list[tuple[str, Index]]:
    """What is pushed for a day: everything on the first one, then which keys are gone, what changed and what is new."""
    holding = city.real_estate
    if day == 0:
        firsts = range(0, holding.count, MOST)
        return [(NEW, np.arange(first, min(first + MOST, holding.count))) for first in firsts]
    touched, new = holding.changed(day)
    parts = [(CHANGED, touched), (NEW, new)]
    if len(_gone(city, day, touched)["certificate_number"]):
        parts.insert(0, (DELETED, touched))
    return [(operation, index) for operation, index in parts if len(index)]


def _gone(city: City, day: int, index: Index) -> Columns:
    """Yesterday's rows whose keys are gone today: an owner's code that was mended or mistyped is part of the key."""
    holding = city.real_estate
    before, after = holding.rows(index, day - 1)[0], holding.rows(index, day)[0]
    kept = set(holding.keys(after).to_pylist())
    places = np.array(
        [at for at, key in enumerate(holding.keys(before).to_pylist()) if key not in kept], dtype=np.int64
    )
    return {name: take(before[name], places) for name in holding.key}


def _body(city: City, day: int, operation: str, index: Index) -> bytes:
    """The rows as NDJSON, with what happened to them and when; of a deleted one only its key."""
    rows = _gone(city, day, index) if operation == DELETED else city.real_estate.rows(index, day)[0]
    count = len(rows["certificate_number"])
    at = np.full(count, city.population.today + day)
    told: Columns = {
        "operation": pick([operation], at * 0),
        "updated_at": moments(at, 6 * 3600 + np.arange(count) % 3600),
    }
    return "".join(_with_numbers(line) for line in json_lines(rows | told)).encode()


def _with_numbers(line: str) -> str:
    """Shares as JSON numbers."""
    row = json.loads(line)
    numbers = {name: int(row[name]) for name in NUMBERS if row.get(name)}
    return json.dumps(row | numbers, ensure_ascii=False) + "\n"


def _sent(folder: DepartmentFolder, hub: str, sequence: int, body: bytes) -> int:
    """Send one batch, under the sequence that the hub asks for if it knows of later ones; the sequence that counted."""
    status, answer = _post(folder, hub, sequence, body)
    if status == 409 and answer.get("next_sequence", 0) > sequence:  # noqa: PLR2004 - conflict
        sequence = int(answer["next_sequence"])
        status, answer = _post(folder, hub, sequence, body)
    if status not in {200, 202}:
        raise HubDownError(f"HTTP {status}")
    return sequence


def _post(folder: DepartmentFolder, hub: str, sequence: int, body: bytes) -> tuple[int, dict[str, Any]]:
    url = f"{hub}/v1/datasets/{DATASET}/batches"
    headers = {
        "Content-Type": "application/x-ndjson",
        "Hub-Request": signed(private_key(folder), hub, url, sequence, body),
    }
    try:
        with _OPENER.open(Request(url, data=body, headers=headers), timeout=60) as response:  # noqa: S310 - the hub's
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, _problem(error)
    except (URLError, OSError) as error:
        raise HubDownError(type(error).__name__) from None


def _problem(error: HTTPError) -> dict[str, Any]:
    try:
        told = json.load(error)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def signed(key: ec.EllipticCurvePrivateKey, hub: str, url: str, sequence: int, body: bytes) -> str:
    """The signed request that goes beside a body."""
    now = int(time.time())
    delivery = {
        "dataset": DATASET,
        "sequence": sequence,
        "body_digest": _encoded(hashlib.sha256(body).digest()),
        "rows": body.count(b"\n"),
    }
    claims = {
        "iss": CLIENT, "aud": hub, "iat": now, "exp": now + LIFETIME, "url": url, "delivery": delivery,
        "jti": _encoded(hashlib.sha256(f"{time.time_ns()}/{sequence}".encode()).digest()),
    }  # fmt: skip
    return jwt.encode(claims, key, "ES256", {"typ": "hub-push+jwt", "kid": public_jwk(key)["kid"]})
