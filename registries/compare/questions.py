"""What is asked of narrow rows, as Ibis expressions: the same on DuckDB and on Spark. NULL equals nothing here.

shared(rows, "key")               # row numbers of rows that share their value with another row
strange(rows, "refers_0", known)  # row numbers of rows whose value is not among the known ones
differing(rows, image)            # row numbers of rows that the image does not hold just so
absent(image, rows)               # what the image holds of keys that are in no row
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


def differing(rows: "ibis.Table", image: "ibis.Table") -> "ibis.Table":
    """Row numbers of rows of which the image has not the same key with the same content."""
    return rows.anti_join(image, ["key", "content"]).select("row_number")


def absent(image: "ibis.Table", rows: "ibis.Table") -> "ibis.Table":
    """The rows of the image whose key no row has, refused ones included."""
    return image.anti_join(rows, "key")


def part(rows: "ibis.Table", column: str, number: int, of: int) -> "ibis.Table":
    """One of `of` parts of the rows, by a column of hashes that are not negative: equal values are in one part."""
    return rows if of == 1 else rows.filter(rows[column] % of == number)
