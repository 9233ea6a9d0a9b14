"""What signing in leaves in the store: failures that slow guessing down, ways to other providers, recovery codes.

    failures = sign_ins.failures(conn, [digest_of_login, digest_of_address])
    sign_ins.note_failures(conn, [digest_of_login], now)

All of it by digest, and in the store, so that every process of the API knows the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.accounts import Account, account_by_id
from registries.store.people_tables import account_identity, foreign_sign_in, recovery_code, sign_in_failure

FORGET_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Failures:
    """How often signing in failed for a key, and when last."""

    count: int
    last: datetime


def failures(conn: sa.Connection, keys: Sequence[bytes], now: datetime) -> Mapping[bytes, Failures]:
    """What failed lately, by key; keys without a failure are absent."""
    recent = sign_in_failure.c.last_at > now - FORGET_AFTER
    wanted = sa.select(sign_in_failure).where(sign_in_failure.c.key_digest.in_(list(keys)), recent)
    return {bytes(row.key_digest): Failures(row.failures, row.last_at) for row in conn.execute(wanted)}


def note_failures(conn: sa.Connection, keys: Sequence[bytes], now: datetime) -> None:
    """Count one more failure for each key; what is old is forgotten first."""
    conn.execute(sa.delete(sign_in_failure).where(sign_in_failure.c.last_at <= now - FORGET_AFTER))
    for key in sorted(set(keys)):  # in one order, so that two at once wait for each other and no longer
        new = insert(sign_in_failure).values(key_digest=key, failures=1, last_at=now)
        more = {"failures": sign_in_failure.c.failures + 1, "last_at": now}
        conn.execute(new.on_conflict_do_update(index_elements=[sign_in_failure.c.key_digest], set_=more))


def forget_failures(conn: sa.Connection, keys: Sequence[bytes]) -> None:
    """Who came in has a clean slate."""
    conn.execute(sa.delete(sign_in_failure).where(sign_in_failure.c.key_digest.in_(list(keys))))


@dataclass(frozen=True)
class Sent:
    """Somebody who was sent to a provider: what has to come back, and where to go then."""

    issuer: str
    nonce: str
    verifier: str
    next: str


def keep_sent(conn: sa.Connection, state_digest: bytes, sent: Sent, until: datetime, now: datetime) -> None:
    """Remember somebody who goes to a provider; who never came back is forgotten."""
    conn.execute(sa.delete(foreign_sign_in).where(foreign_sign_in.c.until < now))
    values = {"issuer": sent.issuer, "nonce": sent.nonce, "verifier": sent.verifier, "next": sent.next}
    conn.execute(sa.insert(foreign_sign_in).values(state_digest=state_digest, until=until, **values))


def take_sent(conn: sa.Connection, state_digest: bytes, now: datetime) -> Sent | None:
    """Who comes back, once; None if nobody was sent with this state, or too long ago."""
    taken = sa.delete(foreign_sign_in).where(foreign_sign_in.c.state_digest == state_digest)
    row = conn.execute(taken.returning(*foreign_sign_in.c)).first()
    if row is None or row.until < now:
        return None
    return Sent(row.issuer, row.nonce, row.verifier, row.next)


def account_of(conn: sa.Connection, issuer: str, subject_digest: bytes) -> Account | None:
    """The account that an administrator linked with somebody at a provider."""
    of_subject = (account_identity.c.issuer == issuer, account_identity.c.subject_digest == subject_digest)
    found = conn.execute(sa.select(account_identity.c.account_id).where(*of_subject)).scalar()
    return None if found is None else account_by_id(conn, found)


def link(conn: sa.Connection, issuer: str, subject_digest: bytes, account_id: int, now: datetime) -> bool:
    """Link somebody at a provider with an account; False where that person is linked with one already."""
    values = {"issuer": issuer, "subject_digest": subject_digest, "account_id": account_id, "linked_at": now}
    new = insert(account_identity).values(values).on_conflict_do_nothing()
    return conn.execute(new.returning(account_identity.c.account_id)).first() is not None


def unlink(conn: sa.Connection, account_id: int) -> int:
    """Let an account sign in here only; how many links it had."""
    return conn.execute(sa.delete(account_identity).where(account_identity.c.account_id == account_id)).rowcount


def issuers_of(conn: sa.Connection, account_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """At which providers accounts are linked."""
    wanted = sa.select(account_identity.c.account_id, account_identity.c.issuer)
    found: dict[int, tuple[str, ...]] = {}
    for row in conn.execute(wanted.where(account_identity.c.account_id.in_(list(account_ids)))):
        found[row.account_id] = (*found.get(row.account_id, ()), row.issuer)
    return found


def keep_recovery_codes(conn: sa.Connection, account_id: int, digests: Sequence[bytes]) -> None:
    """Keep an account's recovery codes, by digest, in place of those it had; none of them: an empty sequence."""
    conn.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))
    if digests:
        conn.execute(sa.insert(recovery_code), [{"account_id": account_id, "digest": digest} for digest in digests])


def take_recovery_code(conn: sa.Connection, account_id: int, digest: bytes) -> bool:
    """Use a recovery code up; False if it is none of this account's."""
    of_account = (recovery_code.c.account_id == account_id, recovery_code.c.digest == digest)
    return conn.execute(sa.delete(recovery_code).where(*of_account)).rowcount > 0


def recovery_codes_left(conn: sa.Connection, account_id: int) -> int:
    """How many recovery codes an account has left."""
    wanted = sa.select(sa.func.count()).where(recovery_code.c.account_id == account_id)
    return int(conn.execute(wanted).scalar_one())
