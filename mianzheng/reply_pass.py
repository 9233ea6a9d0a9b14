"""How replies to drop folders are written that nobody else wrote: the worker looks for them once a minute.

    passes = ReplyPass(home, store_load, clock)
    passes.look()        # in between other work, as often as one likes

A run that took a file in writes its reply at once. What it could not write (it was killed, the folder could not be
reached) is still owed, and written here.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from certificates.errors import CertificatesError
from mianzheng.recurring import Every
from quality.replies.writing import Replies
from registries.home import HubHome
from registries.landing_faults import LandingFailed
from registries.operators.folders import Contracts
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 60.0


class ReplyPass:
    """Looks at most every LOOK_EVERY_SECONDS."""

    def __init__(self, home: HubHome, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._replies = Replies(home, store_load, Contracts(home).catalogue, clock)
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> int:
        """Look if it is time to; how many replies were written where they belong. StoreError as elsewhere.

        A full disk or keys that are locked stop nothing else: the replies stay owed.
        """
        if not self._every.due():
            return 0
        with suppress(LandingFailed, CertificatesError):
            return self._replies.send_owed()
        return 0
