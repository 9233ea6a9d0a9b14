"""What the hub holds of one subject, from whom it has it, and who asked: for the subject itself (PIPL, article 45).

    told = subject_export.collect(conn, catalogue, holdings.subject_of(conn, register, key))      # hub_load

JSON members only. Everything is there by the subject's keys, current and former. Of others who stand in the same rows
only what masks leave is told; what a law withholds is left out, and that it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from certificates.receipts import answer_of, resume
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.masking import mask_text
from registries.store import asked, grants, holdings
from registries.store.asked import Asked
from registries.store.casework_tables import case, case_row
from registries.store.erasure_plans import key_digests, register_digests
from registries.store.grants import Grant
from registries.store.holdings import HeldRow, Subject
from registries.store.life_tables import certificate_event
from registries.store.tables import (
    batch,
    certificate,
    certificate_holder,
    certificate_object,
    conflict,
    finding,
    refused_row,
    subject_join,
)

Told = dict[str, Any]

RELATIONS: Final = {
    "own": ("本人数据", "about the subject"),
    "holder": ("本人持有的证照", "a certificate of the subject"),
    "shared": ("与他人共同持有的证照", "a certificate held with others"),
    "mention": ("他人数据中提到本人", "about somebody else, mentions the subject"),
}
_PERSONS: Final = frozenset(
    {"citizen_number", "holder_code", "residence_permit", "foreign_permanent_resident_number", "person_name"}
)
_CERTIFICATE: Final = (
    *("type_code", "number", "identifier", "issuing_authority_name", "issued_on"),
    *("valid_from", "valid_until", "long_term", "status", "mark"),
)
_EVENT: Final = ("move", "status", "since", "reason", "valid_from", "valid_until", "authority", "principal")
_WITHHELD: Final = ("依法不予告知的查询", "questions that the law withholds")


def collect(conn: sa.Connection, catalogue: Catalogue, subject: Subject) -> Told:
    """All that is held of a subject; the members' names are those of `LABELS` in the printed form."""
    rows = list(holdings.rows(conn, catalogue, subject))
    facts = _batches(conn, {number for row in rows for number in (row.since_batch, row.until_batch) if number})
    questions, withheld = _questions(conn, catalogue, subject)
    return {
        "held": [_row(catalogue, row, subject, facts) for row in rows],
        "certificates": list(_certificates(conn, catalogue, subject)),
        "conflicts": list(_conflicts(conn, subject)),
        "refused": list(_refused(conn, catalogue, rows)),
        "cases": list(_cases(conn, catalogue, subject, rows)),
        "joined_keys": list(_joins(conn, subject)),
        "asked": questions,
        "withheld": withheld,
    }


# --- rows


def _row(catalogue: Catalogue, row: HeldRow, subject: Subject, facts: Mapping[int, Told]) -> Told:
    return {
        **_source(catalogue, row.dataset),
        "relation": _words(*RELATIONS[row.relation]),
        "state": _words("历史", "former") if row.until_batch else _words("现行", "current"),
        "mark": row.mark,
        "values": list(_values(row, subject)),
        "since": facts.get(row.since_batch),
        "until": None if row.until_batch is None else facts.get(row.until_batch),
    }


def _source(catalogue: Catalogue, dataset: Dataset) -> Told:
    department = catalogue.department(dataset.department)
    return {
        "department": _words(department.name_zh, department.name_en),
        "dataset": {"name": dataset.name, **_words(dataset.title_zh, dataset.title_en)},
    }


def _values(row: HeldRow, subject: Subject) -> Iterator[Told]:
    """The row's values; of rows about somebody else only where they name the subject."""
    names = _own_names(row, subject)
    for column in row.dataset.stored_columns:
        value = row.values[column.name]
        if row.relation == "mention" and column.name not in row.naming:
            continue
        of_others = column.semantic in _PERSONS and column.name not in names and value not in subject.keys
        shown = mask_text(value, column.semantic) if value is not None and of_others else value
        yield {"column": column.name, "zh": column.title_zh, "value": shown, "masked": shown != value}


def _own_names(row: HeldRow, subject: Subject) -> frozenset[str]:
    """The columns with the subject's own names; the only one there is, if nothing says whose it is."""
    mapping, role = row.dataset.certificate, row.dataset.register
    holders = () if mapping is None else mapping.holders
    own = {one.name for one in holders if row.values[one.code] in subject.keys}
    if role is not None and row.relation == "own":
        own |= {role.attributes["name"]} if "name" in role.attributes else set()
    named = {column.name for column in row.dataset.stored_columns if column.semantic == "person_name"}
    return frozenset(own or (named if len(named) == 1 and row.relation != "mention" else set()))


def _batches(conn: sa.Connection, numbers: set[int]) -> dict[int, Told]:
    wanted = sa.select(batch.c.number, batch.c.deliverer, batch.c.taken_over_at).where(batch.c.number.in_(numbers))
    return {
        row.number: {"batch": row.number, "delivered_by": row.deliverer, "at": row.taken_over_at}
        for row in conn.execute(wanted)
    }


# --- what follows from rows


def _certificates(conn: sa.Connection, catalogue: Catalogue, subject: Subject) -> Iterator[Told]:
    holder, thing = certificate_holder, certificate_object
    mine = sa.or_(
        certificate.c.id.in_(sa.select(holder.c.certificate_id).where(holder.c.code.in_(subject.keys))),
        certificate.c.id.in_(sa.select(thing.c.certificate_id).where(thing.c.number.in_(subject.keys))),
    )
    for row in conn.execute(sa.select(certificate).where(mine).order_by(certificate.c.dataset, certificate.c.number)):
        if row.dataset not in catalogue:
            continue
        yield {
            **_source(catalogue, catalogue.dataset(row.dataset)),
            **{name: getattr(row, name) for name in _CERTIFICATE},
            "holders": list(_holders(conn, row.id, subject)),
            "objects": _parts(conn, thing, row.id, ("kind", "number", "name")),
            "status_events": _parts(conn, certificate_event, row.id, _EVENT),
        }


def _holders(conn: sa.Connection, number: int, subject: Subject) -> Iterator[Told]:
    for holder in _parts(conn, certificate_holder, number, ("role", "name", "code", "code_type")):
        own = holder["code"] in subject.keys
        masked = {"name": mask_text(holder["name"], "person_name"), "code": mask_text(holder["code"], "holder_code")}
        yield {**holder, **({} if own else masked), "masked": not own}


def _parts(conn: sa.Connection, table: sa.Table, number: int, names: Sequence[str]) -> list[Told]:
    wanted = sa.select(*(table.c[name] for name in names)).where(table.c.certificate_id == number)
    order = table.c.ordinal if "ordinal" in table.c else table.c.batch
    return [dict(zip(names, row, strict=True)) for row in conn.execute(wanted.order_by(order))]


def _conflicts(conn: sa.Connection, subject: Subject) -> Iterator[Told]:
    names = ("register", "attribute", "dataset", "value", "authority", "authority_value")
    wanted = sa.select(*(conflict.c[name] for name in names)).where(conflict.c.subject_key.in_(subject.keys))
    for row in conn.execute(wanted.order_by(*(conflict.c[name] for name in names[:3]))):
        yield dict(zip(names, row, strict=True))


def _refused(conn: sa.Connection, catalogue: Catalogue, rows: Sequence[HeldRow]) -> Iterator[Told]:
    """Refused rows of the same keys: where they stand and by which rules; the hub keeps no values of them."""
    rules = sa.select(sa.func.array_agg(finding.c.rule_id)).where(
        finding.c.batch == refused_row.c.batch, finding.c.row_number == refused_row.c.row_number, finding.c.level == 1
    )
    for dataset, keys in _own_keys(rows):
        wanted = sa.select(refused_row, rules.scalar_subquery().label("rules")).where(
            refused_row.c.dataset == dataset.name, refused_row.c.key_digest.in_(key_digests(dataset, keys))
        )
        for row in conn.execute(wanted.order_by(refused_row.c.batch, refused_row.c.row_number)):
            yield {
                **_source(catalogue, dataset),
                "batch": row.batch,
                "row_number": row.row_number,
                "rules": sorted(row.rules or ()),
                "open": row.until_batch is None,
            }


def _cases(conn: sa.Connection, catalogue: Catalogue, subject: Subject, rows: Sequence[HeldRow]) -> Iterator[Told]:
    about: list[sa.ColumnElement[bool]] = [
        sa.and_(case.c.dataset == dataset.name, case_row.c.subject_digest.in_(key_digests(dataset, keys)))
        for dataset, keys in _own_keys(rows)
    ]
    of_kind = [register.id for register in catalogue.registers if register.subject_kind.id == subject.kind]
    about += [case_row.c.subject_digest.in_(register_digests(name, subject)) for name in of_kind]
    of_case = ("number", "kind", "cause", "dataset", "rule_id", "attribute")
    names = (*of_case, "state", "opened_at", "closed_at")
    shown = [*(case.c[name] for name in of_case), case_row.c.state, case.c.opened_at, case_row.c.closed_at]
    wanted = sa.select(*shown).join_from(case, case_row, case_row.c.case_number == case.c.number)
    for row in conn.execute(wanted.where(sa.or_(sa.false(), *about)).order_by(case.c.number, case_row.c.id)):
        yield dict(zip(names, row, strict=True))


def _own_keys(rows: Sequence[HeldRow]) -> list[tuple[Dataset, frozenset[tuple[str, ...]]]]:
    own = [row for row in rows if row.relation != "mention"]
    datasets = {row.dataset.name: row.dataset for row in own}
    return [(one, frozenset(row.key for row in own if row.dataset.name == name)) for name, one in datasets.items()]


def _joins(conn: sa.Connection, subject: Subject) -> Iterator[Told]:
    names = ("former_key", "present_key", "reason", "joined_at", "separated_at")
    mine = sa.or_(subject_join.c.former_key.in_(subject.keys), subject_join.c.present_key.in_(subject.keys))
    of_kind = subject_join.c.subject_kind == subject.kind
    wanted = sa.select(*(subject_join.c[name] for name in names)).where(of_kind, mine)
    for row in conn.execute(wanted.order_by(subject_join.c.id)):
        yield dict(zip(names, row, strict=True))


# --- who asked


def _questions(conn: sa.Connection, catalogue: Catalogue, subject: Subject) -> tuple[list[Told], list[Told]]:
    """Who asked or looked, and on which grounds something of that is not told: neither how much, nor by whom."""
    shut = [grant for grant in grants.list_grants(conn) if grant.withheld_because]
    told: list[Told] = []
    grounds: dict[str, None] = {}
    for entry in asked.entries(conn, subject.kind, subject.keys):
        question = _question(catalogue, entry)
        because = _withheld(shut, question)
        if because is None:
            told.append(question)
        else:
            grounds[because] = None
    return told, [{"what": _words(*_WITHHELD), "ground": ground} for ground in grounds]


def _question(catalogue: Catalogue, entry: Asked) -> Told:
    if entry.kind != "answer":
        return {"at": entry.made_at, "act": entry.kind, "by": _words("枢纽运营者", "the hub's operator")}
    act, verification = answer_of(resume(entry.payload)[1].payload)
    about = verification["asked"]
    department = about["department"]
    known = {each.id: each for each in catalogue.departments}.get(department)
    by = _words(known.name_zh, known.name_en) if known else _words(department, department)
    names = ("certificate_type", "purpose", "service_item", "case", "as_of")
    return {
        "at": entry.made_at,
        "act": act,
        "by": {"department": department, **by},
        **{name: about.get(name) for name in names},
        "verdict": {name: verification[name] for name in ("code", "zh", "en")},
    }


def _withheld(shut: Sequence[Grant], question: Told) -> str | None:
    """Why a question is not told; None if it is."""
    for grant in shut:
        same = grant.department == question["by"].get("department") and grant.purpose == question.get("purpose")
        kind = grant.certificate_type in {None, question.get("certificate_type")}
        if same and kind and grant.service_item in {None, question.get("service_item")}:
            return grant.withheld_because
    return None


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}
