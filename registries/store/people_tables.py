"""Tables behind signing in and behind the administration of people and clients; all share the metadata of `tables`.

Nothing here is a secret in clear but a code verifier that lives for minutes: tokens, codes, challenges and subjects at
other providers are kept by digest.

    >>> people_act.c.act.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from registries.store.tables import Moment, Word, account, client, metadata

account_identity = sa.Table(  # who somebody is at another provider; an administrator links it, never an e-mail address
    "account_identity",
    metadata,
    sa.Column("issuer", Word, primary_key=True),
    sa.Column("subject_digest", BYTEA, primary_key=True),
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), nullable=False, index=True),
    sa.Column("linked_at", Moment, nullable=False),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), primary_key=True),
    sa.Column("digest", BYTEA, primary_key=True),
)

sign_in_failure = sa.Table(  # by digest, so that no list of who tried stands anywhere
    "sign_in_failure",
    metadata,
    sa.Column("key_digest", BYTEA, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False, index=True),
)

foreign_sign_in = sa.Table(  # somebody who was sent to a provider and is not back yet
    "foreign_sign_in",
    metadata,
    sa.Column("state_digest", BYTEA, primary_key=True),
    sa.Column("issuer", Word, nullable=False),
    sa.Column("nonce", Word, nullable=False),
    sa.Column("verifier", Word, nullable=False),
    sa.Column("next", Word, nullable=False),
    sa.Column("until", Moment, nullable=False),
)

key_challenge = sa.Table(  # what a client's new key has to sign, once
    "key_challenge",
    metadata,
    sa.Column("digest", BYTEA, primary_key=True),
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), nullable=False),
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), nullable=False),
    sa.Column("until", Moment, nullable=False),
)

people_act = sa.Table(  # insert-only: what was done to accounts and clients, by whom; each is in the ledger, too
    "people_act",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("by_whom", Word, nullable=False),  # account:<id>, or operator
    sa.Column("department", Word, nullable=False),
    sa.Column("account_id", sa.BigInteger),
    sa.Column("client_id", Word),
    sa.Column("details", ARRAY(Word), nullable=False),  # roles, a key's thumbprint, a reason's code; never a name
    sa.Index(None, "department", "id"),
)
