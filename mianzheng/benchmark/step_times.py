"""How long each step of an intake takes, by the clock and in processor seconds, told by the intake's own progress.

watch = StepTimes(processor_seconds_of_all)
intake.take_in(dataset, progress=watch)
watch.end()
watch.steps -> [StepTime("open", 0.4, 0.5, 0), StepTime("pull", 8.1, 14.0, 1000000), ...]
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from quality.intake import Step


@dataclass(frozen=True)
class StepTime:
    """One step: seconds of the clock and of all processors, and how many rows went through it."""

    step: str
    seconds: float
    cpu_s: float
    rows: int


class StepTimes:
    """A progress callback; the first step begins when it is made."""

    def __init__(self, processor_seconds: Callable[[], float]) -> None:
        self.steps: list[StepTime] = []
        self._processor_seconds = processor_seconds
        self._first = self._last = self._now()
        self._step: Step | None = None
        self._rows = 0

    def __call__(self, step: Step, _dataset: str, rows: int) -> None:
        """As the intake tells it: `rows` went through `step` so far."""
        if step != self._step:
            self.end()
            self._step, self._rows = step, 0
        self._rows = max(self._rows, rows)

    def end(self) -> None:
        """Close the step that runs."""
        if self._step is None:
            return
        now = self._now()
        seconds, cpu = (round(after - before, 3) for after, before in zip(now, self._last, strict=True))
        self.steps.append(StepTime(self._step.value, seconds, cpu, self._rows))
        self._last, self._step = now, None

    @property
    def seconds(self) -> float:
        """From the beginning to the end of the last closed step."""
        return self._last[0] - self._first[0]

    @property
    def cpu_s(self) -> float:
        """Processor seconds in that time."""
        return self._last[1] - self._first[1]

    def _now(self) -> tuple[float, float]:
        return time.monotonic(), self._processor_seconds()
