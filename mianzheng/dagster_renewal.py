"""Dagster's processes read the contracts once: when others come into force, they are started anew.

Dagster can reload its definitions by itself, but its daemon and its pages each hold a code server of their own and
reload at times of their own; starting both anew is one thing, and the same as after a crash. Runs under way are
finished by the old code server, or resumed by the next intake: a batch survives the end of any process.
"""

from mianzheng.processes import Children
from registries.home import HubHome
from registries.operators.folders import read_accepted

DAEMON = "dagster-daemon"
PAGES = "dagster-web"


class DagsterRenewal:
    """Remembers which version the processes were started with; made when they are."""

    def __init__(self, home: HubHome, children: Children) -> None:
        self._home = home
        self._children = children
        self._accepted = read_accepted(home)

    def look(self) -> bool:
        """Start Dagster's processes anew if another version is in force; whether it did."""
        accepted = read_accepted(self._home)
        if accepted == self._accepted:
            return False
        self._accepted = accepted
        for name in (DAEMON, PAGES):
            self._children.renew(name)
        return True
