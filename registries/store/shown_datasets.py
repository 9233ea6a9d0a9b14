"""The mirror of what the contracts let pages show: by it the database itself masks one subject's rows.

shown_datasets.record(conn, catalogue)      # with the rest of the catalogue's mirror, by role hub_load
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store.access_tables import shown_dataset

_OPEN = frozenset({"public", "internal"})


def record(conn: sa.Connection, catalogue: Catalogue) -> None:
    """Write down what each dataset of a register has; one that a contract no longer describes can't be looked at."""
    told = [_shown(dataset) for dataset in catalogue.datasets if dataset.register is not None]
    names = [values["dataset"] for values in told]
    conn.execute(sa.delete(shown_dataset).where(shown_dataset.c.dataset.not_in(names)))
    for values in told:
        new = insert(shown_dataset).values(values)
        others = {name: new.excluded[name] for name in values if name != "dataset"}
        differs = sa.or_(*(shown_dataset.c[name].is_distinct_from(value) for name, value in others.items()))
        conn.execute(new.on_conflict_do_update(index_elements=["dataset"], set_=others, where=differs))


def _shown(dataset: Dataset) -> dict[str, object]:
    valid, role = dataset.valid_time, dataset.register
    where = role.where if role else ()
    columns = dataset.stored_columns
    return {
        "dataset": dataset.name,
        "register": role.register if role else "",
        "subject_column": role.subject_key if role else "",
        "key_columns": list(dataset.key),
        "columns": [column.name for column in columns],
        "open_columns": [column.name for column in columns if column.classification in _OPEN],
        "where_columns": [name for name, _ in where],
        "where_values": [value for _, value in where],
        "valid_from": valid.since if valid else None,
        "valid_until": valid.until if valid else None,
        "long_term": list(valid.long_term) if valid else [],
    }
