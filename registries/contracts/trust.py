"""Levels that differ by a row's trust level: `levelByTrust: {D: 3}` beside a rule's own level.

A row's trust level is what its certificate mapping's `trustLevel` column says, D where its holder has no code (rows of
the paper era), and the table's otherwise: `quality.trust`.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from registries.contracts.model import Level
from registries.contracts.odcs import Custom
from registries.contracts.vocabulary import TRUST_LEVELS

PROPERTY: Final = "levelByTrust"
_LEVELS: Final[Mapping[object, int]] = {"1": 1, "2": 2, "3": 3, 1: 1, 2: 2, 3: 3}


def levels_by_trust(custom: Custom) -> Mapping[str, Level]:
    """Trust level -> the rule's level for such rows; empty where it is the same for all."""
    found = {}
    for trust, given in custom.mapping(PROPERTY, TRUST_LEVELS).items():
        level = None if isinstance(given, bool | float) or not isinstance(given, str | int) else _LEVELS.get(given)
        if level is None:
            custom.note_unknown((PROPERTY, trust), "级别", "level", given, ("1", "2", "3"))
        else:
            found[trust] = cast("Any", level)
    return found
