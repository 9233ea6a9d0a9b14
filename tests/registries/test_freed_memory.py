"""Memory that was freed is used again, and not asked of the system anew."""

import ctypes
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
import pyarrow as pa
from registries.freed_memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def calculate():
    if sys.argv[2] == "numpy":
        found = [np.arange(200_000) + place for place in range(8)]
        return sum(int(one[0]) for one in found)
    return sum(len(TEXTS.take(PLACES)) for _ in range(8))
TEXTS, PLACES = pa.array([str(place) * 9 for place in range(1000)]), pa.array(np.arange(200_000) % 1000)
for _ in range(5):
    calculate()
before = faults()
for _ in range(20):
    calculate()
print(faults() - before)
"""


def faults_of(mode: str, library: str) -> int:
    run = subprocess.run([sys.executable, "-c", COUNT, mode, library], check=True, capture_output=True, text=True)
    return int(run.stdout)


PAGES_WRITTEN = 20 * 8 * 200_000 * 8 // 4096
"""What the twenty measured rounds write at least: eight bytes a row."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="a C library of another kind")
@pytest.mark.parametrize("library", ["numpy", "arrow"])
def test_columns_that_follow_each_other_stand_in_the_same_memory(library: str) -> None:
    assert faults_of("keep", library) < PAGES_WRITTEN / 20


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="a C library of another kind")
def test_without_it_they_do_not() -> None:
    """Of numpy only: Arrow's own allocator keeps as much as it sees fit, on some machines all."""
    assert faults_of("default", "numpy") > PAGES_WRITTEN / 2
