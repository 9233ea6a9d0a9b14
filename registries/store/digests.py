"""Digests that only the store can compute: keyed with what PostgreSQL made for itself, one key for each kind.

    digests.digest("number", [type_code, number])      # 32 bytes; equal texts, equal bytes

References to people and certificates outside their own rows (quarantine, cases, look-ups) are such digests: a list of
citizen numbers tried against them finds nothing without the store's pepper.
"""

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.contracts.model import Dataset
from registries.store.shapes import key_readable, key_value, texts

Kind = Literal["key", "number", "match", "certificate"]


def digest(kind: Kind, parts: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[bytes]:
    """SHA-256 over the kind's key and the parts as text; the key is fetched once per statement."""
    key = sa.select(sa.func.hub.digest_key(kind)).scalar_subquery()
    return sa.func.hub.digest(key, texts(parts), type_=BYTEA())


def staged_key(dataset: Dataset, staged: sa.FromClause) -> sa.ColumnElement[bytes]:
    """The digest of a staged row's key; NULL if the key can't be read."""
    parts = [key_value(staged, dataset, name) for name in dataset.key]
    return sa.case((key_readable(staged, dataset), digest("key", [sa.literal(dataset.name), *parts])))


def current_key(dataset: Dataset, current: sa.Table) -> sa.ColumnElement[bytes]:
    """The digest of a current row's key: the same bytes as of the staged row that it came from."""
    return key_of(dataset, current)


def key_of(dataset: Dataset, rows: sa.FromClause) -> sa.ColumnElement[bytes]:
    """The same of any rows that have the key's columns in their own types."""
    return digest("key", [sa.literal(dataset.name), *(rows.c[name] for name in dataset.key)])


def number_of(dataset: Dataset, rows: sa.FromClause) -> sa.ColumnElement[bytes]:
    """The digest by which the look-up knows the certificate number of a staged or current row; NULL without one."""
    if dataset.certificate is None:
        return sa.cast(sa.null(), BYTEA)
    number = rows.c[dataset.certificate.number]
    known = digest("number", [sa.literal(dataset.certificate.type_code), form(number)])
    return sa.case((number.is_not(None), known))


def form(code: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A number or code as digests take it: trimmed, upper case."""
    return sa.func.upper(sa.func.btrim(code))
