"""Libraries that others import if they happen to be installed, kept away from them.

    with unseen("pyspark"):
        import great_expectations      # would import Spark's library too, which nobody here asked for

What was imported before stays visible.
"""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def unseen(name: str) -> Iterator[None]:
    """Importing `name` in the block fails as if it were not installed, unless somebody has imported it already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # Python's documented way to make an import fail
    try:
        yield
    finally:
        del sys.modules[name]
