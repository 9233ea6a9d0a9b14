"""Some of the memory that a process has freed stays with it, for the next chunk's columns.

numpy asks the C library for each column that it calculates. By default glibc gives memory back to the system as soon
as little of it lies free, and the pages of the next column are faulted in again: a third of the time that canonical
form and rules take (measured, 200,000 rows of twelve columns). Arrow's own allocator does so as well, and two threads
that read chunks wait for each other there, so that Arrow is told to use the C library's memory too.
`compare.own_duckdb` keeps DuckDB from giving all of it back.

    >>> keep_freed_memory()
"""

import ctypes
import sys
from functools import cache
from typing import Final

import pyarrow as pa

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""As malloc.h of glibc numbers them."""

_KEPT_BYTES: Final = 64 << 20
_LARGEST_BYTES: Final = 32 << 20


@cache
def keep_freed_memory() -> None:
    """Keeps up to 64 MB per thread that calculates; does nothing where the C library has no such setting."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _LARGEST_BYTES)
        pa.set_memory_pool(pa.system_memory_pool())
