"""Memory that was freed is used again, and not asked of the system anew."""

import ctypes
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from registries.freed_memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def calculate():
    found = [np.arange(200_000) + place for place in range(8)]
    return sum(int(one[0]) for one in found)
for _ in range(5):
    calculate()
before = faults()
for _ in range(20):
    calculate()
print(faults() - before)
"""


def faults_of(mode: str) -> int:
    run = subprocess.run([sys.executable, "-c", COUNT, mode], check=True, capture_output=True, text=True)
    return int(run.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="a C library of another kind")
def test_columns_that_follow_each_other_stand_in_the_same_memory() -> None:
    assert faults_of("keep") < faults_of("default") / 2
