r"""What the gate is compared with: DuckDB over the same rows, hashing checked columns, and judging 15 rules by hand.

    passes = DuckdbPasses(path_of_plain_parquet)
    passes.scan(["citizen_number", "name"])
    passes.by_hand()     # {"name-required": 5000, ...}: how many rows break each rule

The hand-written pass is what somebody would write who knows DuckDB and just these rules: one aggregate over the file,
and one for keys that several rows have. It knows no positions, canonical forms, levels or reasons.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import duckdb

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SUM: Final = " + ".join(f"(digits // {10 ** (16 - place)}) % 10 * {weight}" for place, weight in enumerate(_WEIGHTS))
_TRACES: Final = (
    r"[\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{0000}-\x{001F}\x{007F}-\x{009F}\x{00AD}"
    r"\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}\x{FFFD}]|锟斤拷|烫烫|屯屯"
)
_RULES: Final = {
    "citizen_number-required": "citizen_number IS NULL",
    "citizen_number-citizen_number": "citizen_number IS NOT NULL AND NOT good",
    "citizen_number-not_rounded": (
        r"regexp_matches(citizen_number, '^[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,2}$')"
        " OR (citizen_number LIKE '%000' AND regexp_matches(citizen_number, '^[1-9][0-9]{14}0{1,5}$') AND NOT good)"
    ),
    "name-required": "name IS NULL",
    "name-readable_text": f"regexp_matches(name, '{_TRACES}')",
    "birth_date-format": "birth_date IS NOT NULL AND born IS NULL",
    "birth_date-agrees": "good AND born IS NOT NULL AND born <> try_strptime(citizen_number[7:14], '%Y%m%d')",
    "birth_date-in_range": "birth_date NOT BETWEEN '1900-01-01' AND '2030-12-31'",
    "sex-agrees": "good AND sex IN ('1', '2') AND (digits % 2 = 1) <> (sex = '1')",
    "ethnicity-pattern": "NOT regexp_full_match(ethnicity, '0[1-9]|[1-4][0-9]|5[0-6]|9[78]')",
    "address-length": "length(address) > 200",
    "marital_status-code_table": "marital_status NOT IN ('10', '20', '30', '40', '90')",
    "updated_at-required": "updated_at IS NULL",
    "updated_at-format": "updated_at IS NOT NULL AND try_cast(updated_at AS TIMESTAMP) IS NULL",
}
_SHARED: Final = "key-unique"


class DuckdbPasses:
    """Queries over one Parquet file, with DuckDB's own number of threads and nothing spilled to a disk."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(config={"temp_directory": ""})
        self._rows = self._connection.read_parquet(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def scan(self, columns: Sequence[str]) -> None:
        """Hash every value of these columns."""
        self._rows.aggregate(", ".join(f'bit_xor(hash("{name}"))' for name in columns)).fetchall()

    def by_hand(self) -> dict[str, int]:
        """How many rows break each rule."""
        asked = ", ".join(f"count(*) FILTER ({condition})" for condition in _RULES.values())
        counts = self._prepared().aggregate(asked).fetchall()[0]
        return dict(zip(_RULES, counts, strict=True)) | {_SHARED: self._shared()}

    def _prepared(self) -> duckdb.DuckDBPyRelation:
        """Digits, date and whether the citizen number is good, computed once a row."""
        read = self._rows.project(
            "*, try_cast(citizen_number[1:17] AS BIGINT) AS digits, try_cast(birth_date AS DATE) AS born"
        )
        good = (
            "coalesce(length(citizen_number) = 18 AND digits >= 10000000000000000"
            " AND try_strptime(citizen_number[7:14], '%Y%m%d') IS NOT NULL"
            f" AND '10X98765432'[({_SUM}) % 11 + 1] = citizen_number[18], false)"
        )
        return read.project(f"*, {good} AS good")

    def _shared(self) -> int:
        """Rows that have their key in common with another row: of planted ones no two are equal."""
        keyed = self._rows.filter("citizen_number IS NOT NULL")
        several = keyed.aggregate("citizen_number, count(*) AS members", "citizen_number").filter("members > 1")
        return int(several.aggregate("sum(members)").fetchall()[0][0] or 0)
