"""Where one dataset is on its way through the seven steps, as the intake's progress callback tells it.

way = Way("public_security.residents", expected, now=0.0)
way.told(Step.CHECK, 200_000, now=2.0)
way.look(now=2.5)                             # what there is to show
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mianzheng.progress_measure import Measure, Total

if TYPE_CHECKING:
    from quality.intake import Step

Expected = Callable[[str], Total | None]
"""How many rows a dataset's delivery will have, or was landed with; None if nobody knows."""

_WHOLE = frozenset({"land", "part", "take_over", "tell"})
"""Steps that are told their rows at their beginning: that many are to be done, not done."""


@dataclass(frozen=True)
class Look:
    """One dataset at one moment.

    Attributes:
        rows: done in this step; None if the step has not said.
        rate: rows a second.
        left: seconds until the step is done.
        elapsed: seconds since the step began.
    """

    dataset: str
    step: "Step"
    rows: int | None
    total: Total | None
    share: float | None
    rate: float | None
    left: float | None
    elapsed: float


class Way:
    """One dataset's way; a queue of files goes it again and again."""

    def __init__(self, dataset: str, expected: Expected, now: float) -> None:
        """A way that begins now."""
        self.dataset = dataset
        self.step: Step | None = None
        self._expected = expected
        self._landed: Total | None = None
        self._measure = Measure(now, None)

    def told(self, step: "Step", rows: int, now: float) -> None:
        """`rows` have gone through `step`; the first word about a step is its beginning, and no rows are one, too."""
        if step != self.step or not rows:
            self.step = step
            self._measure = Measure(now, self._total(step, rows))
        else:
            self._measure.seen(rows, now)

    def look(self, now: float) -> Look | None:
        """How it stands; None before the first step."""
        if self.step is None:
            return None
        measure = self._measure
        told = (measure.rows, measure.total, measure.share, measure.rate(now), measure.left(now))
        return Look(self.dataset, self.step, *told, now - measure.started)

    def _total(self, step: "Step", rows: int) -> Total | None:
        """Once it has landed, a delivery's rows are known; before that, the snapshot before is a guess."""
        if step.value in _WHOLE:
            total = Total(rows)
            if step.value == "land":
                self._landed = total
            return total
        if step.value == "open":
            return None
        if step.value == "pull":
            self._landed = None
        return self._landed or self._expected(self.dataset)
