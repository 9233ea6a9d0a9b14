"""Rows whose keys were erased, and that a source delivers again: refused, each with that as its reason.

    erased.refuse(suppressed, judged, findings)      # chunk by chunk, before the rows are put anywhere

Nothing is asked of the rows of a dataset of which nobody was erased.
"""

from quality.judging import Judged
from quality.parting import REQUIRED, Findings
from quality.reasons import ERASED
from registries.compare.suppressed import Suppressed


def refuse(suppressed: Suppressed | None, judged: Judged, findings: Findings) -> None:
    """Mark such rows of a chunk as refused, and note them."""
    if suppressed is None:
        return
    places = suppressed.positions(judged.rows)
    judged.refused[places] = True
    judged.looked_at[places] = True
    findings.add(ERASED, REQUIRED, places + judged.first, checked=judged.rows.num_rows)
