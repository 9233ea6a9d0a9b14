"""The mirror of which fields the contracts let be asked for: by it the database finds, masks and compares them itself.

    shown_fields.record(conn, catalogue)      # with the rest of the catalogue's mirror, by role hub_load

A source is a register (population; its fields are its attributes, decided by precedence) or one dataset of a register
(public_security.residents; its fields are its columns).
"""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from registries.catalogue_faults import precedence
from registries.contracts.model import Column, Dataset, Register, RegisterRole
from registries.departments import Catalogue
from registries.store.field_tables import shown_field

FORMER_NAMES: Final = "former_names"
"""The attribute by which a register records the names that a subject had before; `name` is the present one."""

AREA: Final = "*area"
_OPEN = frozenset({"public", "internal"})
_NAMES = frozenset({"person_name", "organisation_name"})


def record(conn: sa.Connection, catalogue: Catalogue) -> None:
    """Write down what can be asked for now; the rest can't be."""
    wanted = {_key(row): row for dataset in catalogue.datasets for row in _fields(dataset, catalogue)}
    known = {_key(dict(row)): dict(row) for row in conn.execute(sa.select(shown_field)).mappings()}
    changed = [key for key, row in wanted.items() if known.get(key) != row]
    for source, field, dataset in sorted((known.keys() - wanted.keys()) | (known.keys() & set(changed))):
        same = (shown_field.c.source == source, shown_field.c.field == field, shown_field.c.dataset == dataset)
        conn.execute(sa.delete(shown_field).where(*same))
    if changed:
        conn.execute(sa.insert(shown_field), [wanted[key] for key in changed])


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["source"], row["field"], row["dataset"]


def _fields(dataset: Dataset, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    role = dataset.register
    if role is None:
        return
    register = catalogue.register(role.register)
    told = {"dataset": dataset.name, "register": register.id, "subject_kind": register.subject_kind.id}
    for attribute, name in role.attributes.items():
        column, shown = dataset.column(name), _attribute(register, attribute)
        decides = precedence(role, attribute)
        yield {**told, "source": register.id, "field": attribute, "precedence": decides, **_column(column, shown)}
    for column in dataset.stored_columns:
        yield {**told, "source": dataset.name, "field": column.name, "precedence": 1, **_own(role, column)}
    if dataset.area_column:
        area = dataset.column(dataset.area_column)
        yield {**told, "source": dataset.name, "field": AREA, "precedence": 1, **_column(area)}


def _own(role: RegisterRole, column: Column) -> dict[str, Any]:
    """A dataset's own field; the column of a name is one whatever its contract says of its meaning."""
    names = {role.attributes.get("name"), role.attributes.get(FORMER_NAMES)}
    told = _column(column)
    return {**told, "is_name": told["is_name"] or column.name in names}


def _column(column: Column, *shown: Column | None) -> dict[str, Any]:
    columns = [column, *(one for one in shown if one is not None)]
    return {
        "column_name": column.name,
        "is_open": all(one.classification in _OPEN for one in columns),
        "is_name": any(one.semantic in _NAMES for one in columns),
    }


def _attribute(register: Register, name: str) -> Column | None:
    return next((one for one in register.attributes if one.name == name), None)
