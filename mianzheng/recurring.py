"""What the worker does in between, and how often it looks.

every = Every(60)
every.due(), every.due()        # (True, False): and True again in a minute
"""

import time


class Every:
    """Is due at once, and again when `seconds` have passed since it last was."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time; asking when it is begins the next wait."""
        moment = time.monotonic()
        if moment < self._next:
            return False
        self._next = moment + self._seconds
        return True
