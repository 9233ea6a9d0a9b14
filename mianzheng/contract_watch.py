"""How a running hub learns of new contracts: the worker looks at HUB_HOME/contracts every two seconds.

    watch = ContractWatch(home, store_load, clock)
    watch.look()        # in between other work, as often as one likes

The worker does it because it is the one process that always runs and holds the loading role, which alone may make and
alter tables. What came of a look stands in its log and, for everybody, in HUB_HOME/catalogue.
"""

from collections.abc import Callable
from datetime import datetime

from mianzheng.recurring import Every
from mianzheng.terminal import console
from registries.errors import HomeError
from registries.home import HubHome
from registries.operators.take_up import Looks, TakenUp, look
from registries.store.engine import Store

LOOK_EVERY_SECONDS = 2.0


class ContractWatch:
    """Looks at the operator's folders, at most every LOOK_EVERY_SECONDS: two looks in a row tell what still changes."""

    def __init__(self, home: HubHome, store_load: Store, clock: Callable[[], datetime]) -> None:
        self._looks = Looks(home)
        self._store_load = store_load
        self._clock = clock
        self._every = Every(LOOK_EVERY_SECONDS)

    def look(self) -> TakenUp | None:
        """Look if it is time to; what could not be read or written is said, and tried again at the next look.

        Raises:
            StoreError: PostgreSQL can't be reached.
        """
        if not self._every.due():
            return None
        try:
            done = look(self._looks, self._store_load, self._clock())
        except HomeError as error:
            console.print(f"{error.zh}\n{error.en}", markup=False)
            return None
        if done is not None:
            tell(done)
        return done


def tell(done: TakenUp) -> None:
    """Say what came of a look."""
    console.print(f"契约版本 {done.number} 生效 contracts in force: version {done.number}", markup=False)
    for word, names in (("启用 accepted", done.accepted), ("停用 retired", done.retired)):
        if names:
            console.print(f"  {word}: {', '.join(names)}", markup=False)
    for refusal in done.refused:
        console.print(f"  未接受 refused: {refusal.department}", markup=False)
        for fault in refusal.faults:
            console.print(f"    {fault.zh}\n    {fault.en}", markup=False)
