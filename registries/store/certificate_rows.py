"""What a dataset's rows say about certificates: the certificate itself, its holders, its objects, as statements.

    rows = CertificateRows(dataset, mapping, kind, current_table(dataset))
    rows.values()["number"], rows.holders()[0].words

A certificate has the holders of one row (one for each group of columns: marriage), or of several rows of its number
(one for each row: co-owners); `several_rows` reads the latter as if each number were one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from certificates.types import CertificateType
from registries.contracts.model import CertificateMapping, Dataset, HolderMapping
from registries.store import digests
from registries.store.tables import Word

Value = sa.ColumnElement[Any]

HOLDER = ("name", "code", "code_type", "role")
OBJECT = ("kind", "number", "name")
TRUST_LEVELS = ("A", "B", "C", "D")
PAPER_ERA = "D"
OTHER_PAPER = "999"  # 其他自然人有效证件: a holder whose code type nobody tells
_TYPE_OF_SEMANTIC = {
    "citizen_number": "111",
    "residence_permit": "111",
    "uscc": "001",
    "foreign_permanent_resident_number": "553",
}


@dataclass(frozen=True)
class Part:
    """A holder or an object as one row gives it; `present`: whether this row has it (None: every row has)."""

    values: tuple[Value, ...]
    present: sa.ColumnElement[bool] | None

    @property
    def words(self) -> Value:
        """The part as the certificate's digest covers it; NULL if it isn't there."""
        words = sa.func.concat_ws(chr(29), *self.values)
        return words if self.present is None else sa.case((self.present, words))


@dataclass(frozen=True)
class CertificateRows:
    """The rows of `source`, a table or a query with the columns of the dataset's current table."""

    dataset: Dataset
    mapping: CertificateMapping
    kind: CertificateType
    source: sa.FromClause

    def values(self) -> dict[str, Value]:
        """Column of the look-up -> value, in the order in which hub.find_certificates hashes them."""
        mapping = self.mapping
        end = self.text(mapping.valid_until)
        sentinel = end.in_(list(self.kind.sentinels))
        code = self.text(mapping.status)
        known = {source: status.value for source, status in self.kind.status_map.items()}
        status = sa.case(*((code == source, sa.literal(value, Word)) for source, value in known.items()), else_=None)
        return {
            "dataset": sa.literal(self.dataset.name, Word),
            "type_code": sa.literal(mapping.type_code, Word),
            "number": self.text(mapping.number),
            "identifier": self.text(mapping.identifier),
            "issuing_authority_name": self.text(mapping.issuing_authority_name),
            "issuing_authority_code": self.text(mapping.issuing_authority_code),
            "area_code": self.text(self.dataset.area_column),
            "issued_on": self._date(mapping.issued_on),
            "valid_from": self._date(mapping.valid_from),
            "valid_until": sa.case((sentinel, None), else_=self._date(mapping.valid_until)),
            "long_term": sa.func.coalesce(sentinel, sa.false()),
            "status": status if known else sa.cast(sa.null(), Word),
            "status_code": code,
            "status_since": self._date(mapping.status_since),
            "status_reason": self.text(mapping.status_reason),
            "trust_level": self._trust_level(),
            "version": self.text(mapping.version),
        }

    def beside(self) -> dict[str, Value]:
        """What a certificate says beyond that, in the order of `words_beside`; columns of the look-up likewise."""
        return {
            "principal": self.text(self.mapping.principal),
            "renewal_applied_on": self._date(self.mapping.renewal_applied_on),
        }

    def holders(self) -> list[Part]:
        """The holders that one row can have, the first of them always: every certificate can be found."""
        parts = [self._holder(one) for one in self.mapping.holders]
        return [Part(parts[0].values, None), *parts[1:]]

    def objects(self) -> list[Part]:
        """The objects that one row can have."""
        parts = []
        for one in self.mapping.objects:
            number = sa.func.coalesce(self.text(one.number), "")
            name = sa.func.coalesce(self.text(one.name), "")
            parts.append(Part((sa.literal(one.kind, Word), number, name), number != ""))
        return parts

    def text(self, name: str | None) -> Value:
        """A column as text; NULL if the contract has none."""
        return sa.cast(sa.null(), Word) if name is None else sa.cast(self.source.c[name], Word)

    def _trust_level(self) -> Value:
        """D without a number of its holder (paper era); the row's own where a column tells it, else the dataset's."""
        given = sa.literal(self.dataset.trust_level, Word)
        nobody = sa.func.coalesce(self.text(self.mapping.holder_code), "") == ""
        if self.mapping.trust_level is None:
            return sa.case((nobody, PAPER_ERA), else_=given)
        own = self.text(self.mapping.trust_level)
        return sa.case((nobody, PAPER_ERA), (own.in_(TRUST_LEVELS), own), else_=given)

    def _date(self, name: str | None) -> Value:
        return sa.cast(sa.null(), sa.Date) if name is None else sa.cast(self.source.c[name], sa.Date)

    def _holder(self, holder: HolderMapping) -> Part:
        name = sa.func.coalesce(self.text(holder.name), "")
        code = sa.func.coalesce(self.text(holder.code), "")
        fixed = told_code_type(self.dataset, holder)
        code_type = self.text(holder.code_type) if holder.code_type else sa.literal(fixed, Word)
        values = (name, code, sa.func.coalesce(code_type, OTHER_PAPER), sa.literal(holder.role, Word))
        return Part(values, sa.or_(name != "", code != ""))


def told_code_type(dataset: Dataset, holder: HolderMapping) -> str:
    """The type of a holder's codes where no column tells it: the contract's, or what the codes mean."""
    semantic = dataset.column(holder.code).semantic or ""
    return holder.fixed_code_type or _TYPE_OF_SEMANTIC.get(semantic, OTHER_PAPER)


def match_digest(type_code: str, number: Value, name: Value, code: Value, code_type: Value) -> Value:
    """What a question is looked up by: number and holder hashed together."""
    holder = (code_type, digests.form(code), sa.func.hub.name_form(name))
    return digests.digest("match", [sa.literal(type_code), digests.form(number), *holder])


def joined_words(holders: Value, objects: Value | None) -> Value:
    """Holders and objects as the certificate's digest covers them; without objects as if there could be none."""
    if objects is None:
        return holders
    return holders.concat(sa.func.coalesce(sa.literal(chr(27)).concat(sa.func.nullif(objects, "")), ""))


def words_beside(beside: Mapping[str, Value]) -> Value:
    """Principal and application for renewal as the certificate's digest covers them; without both nothing."""
    parts = [sa.func.coalesce(sa.cast(value, sa.Text), "") for value in beside.values()]
    told = sa.literal(chr(26)).concat(sa.func.concat_ws(chr(29), *parts))
    return sa.case((sa.func.num_nonnulls(*beside.values()) > 0, told), else_="")


# --- several rows of one number


def several_rows(
    dataset: Dataset, mapping: CertificateMapping, current: sa.Table, numbers: sa.Select[Any] | None
) -> sa.Select[Any]:
    """Of the numbers (None: of all) those rows that count: no vanished one while there are others, the highest version.

    Each with `row_place` (from 1, by key: what orders holders), `row_rank` (1: the row that tells the certificate's
    own facts) and `number_mark`.
    """
    number = current.c[mapping.number]
    version = current.c[mapping.version].desc().nulls_last() if mapping.version else sa.null()
    counts = sa.func.rank().over(
        partition_by=number, order_by=(current.c.mark.is_not_distinct_from("vanished"), version)
    )
    wanted = number.is_not(None) if numbers is None else number.in_(numbers)
    ranked = sa.select(*current.c, counts.label("counts")).where(wanted).subquery()
    kept = [column for column in ranked.c if column.name != "counts"]
    group, keys = ranked.c[mapping.number], [ranked.c[name] for name in dataset.key]
    return sa.select(
        *kept,
        _place().over(partition_by=group, order_by=keys).label("row_place"),
        _place().over(partition_by=group, order_by=(ranked.c.since_batch.desc(), *keys)).label("row_rank"),
        sa.func.max(ranked.c.mark).over(partition_by=group).label("number_mark"),
    ).where(ranked.c.counts == 1)


def _place() -> sa.Function[int]:
    return sa.func.row_number(type_=sa.BigInteger())


def parts_of_numbers(rows: CertificateRows, parts: Sequence[Part], names: Sequence[str]) -> sa.Select[Any]:
    """Holders or objects of numbers of several rows, each once: `number`, `ordinal` from 1, and their own columns."""
    number = rows.text(rows.mapping.number)
    place = rows.source.c.row_place
    given = sa.union_all(
        *(
            sa.select(
                number.label("number_"),
                sa.func.min(place).label("place"),
                sa.literal(group, sa.Integer).label("part"),
                *(value.label(name) for name, value in zip(names, part.values, strict=True)),
            )
            .where(sa.true() if part.present is None else part.present)
            .group_by(number, *part.values)
            for group, part in enumerate(parts)
        )
    ).subquery()
    ordinal = _place().over(partition_by=given.c.number_, order_by=(given.c.place, given.c.part))
    return sa.select(given.c.number_, ordinal.label("ordinal"), *(given.c[name] for name in names))


def words_of_numbers(parts: sa.FromClause, names: Sequence[str]) -> sa.Subquery:
    """For each number all its holders or objects in one text, as the certificate's digest covers them."""
    each = sa.func.concat_ws(chr(29), *(parts.c[name] for name in names))
    words = sa.func.string_agg(each, aggregate_order_by(sa.literal(chr(28)), parts.c.ordinal))
    return sa.select(parts.c.number_, words.label("words")).group_by(parts.c.number_).subquery()


def marked_rows(
    dataset: Dataset, mapping: CertificateMapping, current: sa.Table, numbers: sa.Select[Any] | None
) -> sa.Subquery:
    """For each number (of those) with marked rows a digest of which they are, and how."""
    keys = [sa.cast(current.c[name], sa.Text(collation="C")) for name in dataset.key]
    each = sa.func.concat_ws(chr(31), *keys, current.c.mark)
    told = sa.func.string_agg(each, aggregate_order_by(sa.literal(chr(30)), *keys))
    digest = sa.func.sha256(sa.func.convert_to(told, "UTF8"))
    number = current.c[mapping.number]
    return (
        sa.select(number.label("number_"), digest.label("marked"))
        .where(current.c.mark.is_not(None), number.is_not(None) if numbers is None else number.in_(numbers))
        .group_by(number)
        .subquery()
    )
