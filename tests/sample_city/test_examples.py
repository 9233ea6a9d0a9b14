"""The examples in the modules' docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import sample_city

MODULES = [found.name for found in pkgutil.iter_modules(sample_city.__path__) if found.name != "__main__"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"sample_city.{name}")
    assert doctest.testmod(module).failed == 0
    assert module.__doc__
