"""Where a work is: one dataset on its way through the intake's seven steps, or anything else that has rows.

way = Way("public_security.residents", expected, now=0.0)
way.told(Step.CHECK, 200_000, now=2.0)
way.look(now=2.5)  # what there is to show
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mianzheng.progress_measure import Measure, Total

if TYPE_CHECKING:
    from quality.intake import Step

Expected = Callable[[str], Total | None]
"""How many rows a dataset's delivery will have, or was landed with; None if nobody knows."""


class Work(NamedTuple):
    """What is being done, in both languages, and at which of how many steps that is."""

    zh: str
    en: str
    place: str = ""


STEPS: Final = {
    "open": Work("登记", "open", "1/7"),
    "pull": Work("提取", "pull", "2/7"),
    "land": Work("落地", "land", "3/7"),
    "check": Work("检查", "check", "4/7"),
    "part": Work("分流", "part", "5/7"),
    "take_over": Work("入库", "take over", "6/7"),
    "tell": Work("通报", "tell", "7/7"),
}
"""The intake's steps; it is not imported for their names, as that takes seconds."""

_WHOLE: Final = frozenset({"land", "part", "take_over", "tell"})
"""Steps that are told their rows at their beginning: that many are to be done, not done."""


@dataclass(frozen=True)
class Look:
    """One work at one moment.

    Attributes:
        name: of the dataset, or of whatever the rows are.
        rows: done; None if nobody has said.
        rate: rows a second.
        left: seconds until it is done.
        elapsed: seconds since it began.
    """

    name: str
    work: Work
    rows: int | None
    total: Total | None
    share: float | None
    rate: float | None
    left: float | None
    elapsed: float


class Way:
    """One dataset's way, or another work's; a queue of files goes it again and again."""

    def __init__(self, name: str, expected: Expected, now: float) -> None:
        """A way that begins now."""
        self.name = name
        self._expected = expected
        self._step: Step | None = None
        self._work: Work | None = None
        self._landed: Total | None = None
        self._measure = Measure(now, None)

    def told(self, step: "Step", rows: int, now: float) -> None:
        """`rows` have gone through `step`; the first word about a step is its beginning, and no rows are one, too."""
        if step != self._step or not rows:
            self._step = step
            self.begin(STEPS[step.value], self._total(step, rows), now)
        else:
            self.seen(rows, now)

    def begin(self, work: Work, total: Total | None, now: float) -> None:
        """Another work begins."""
        self._work, self._measure = work, Measure(now, total)

    def seen(self, rows: int, now: float) -> None:
        """So many rows of the work are done."""
        self._measure.seen(rows, now)

    def look(self, now: float) -> Look | None:
        """How it stands; None before the first work."""
        if self._work is None:
            return None
        measure = self._measure
        told = (measure.rows, measure.total, measure.share, measure.rate(now), measure.left(now))
        return Look(self.name, self._work, *told, now - measure.started)

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
        return self._landed or self._expected(self.name)
