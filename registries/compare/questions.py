"""What is asked of narrow rows, as Ibis expressions: the same on DuckDB and on Spark. NULL equals nothing here.

shared(rows, "key")               # row numbers of rows that share their value with another row
strange(rows, "refers_0", known)  # row numbers of rows whose value is not among the known ones
part(rows, "key", 2, of=5)        # the rows whose value belongs to one part of five
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis  # type: ignore[import-untyped] # it ships none


def shared(rows: "ibis.Table", column: str) -> "ibis.Table":
    """Row numbers of rows whose value in `column` another row has too."""
    present = rows.filter(rows[column].notnull())
    several = present.group_by(column).aggregate(members=lambda group: group.count())
    return present.semi_join(several.filter(several.members > 1), column).select("row_number")


def strange(rows: "ibis.Table", column: str, known: "ibis.Table") -> "ibis.Table":
    """Row numbers of rows with a value that is none of `known.value`."""
    present = rows.filter(rows[column].notnull())
    return present.anti_join(known, present[column] == known.value).select("row_number")


def part(rows: "ibis.Table", column: str, number: int, of: int) -> "ibis.Table":
    """One of `of` parts of the rows, by a column of hashes that are not negative: equal values are in one part."""
    return rows if of == 1 else rows.filter(rows[column] % of == number)
