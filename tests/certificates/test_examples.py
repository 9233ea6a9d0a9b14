"""The examples in the modules' docstrings run, and every error of the room has its one root and a docstring."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import certificates
from certificates.errors import CertificatesError

MODULES = [
    found.name.removeprefix("certificates.")
    for found in pkgutil.walk_packages(certificates.__path__, "certificates.")
    if not found.ispkg and not found.name.endswith("__main__")
]
WITHOUT_EXAMPLE = {"offline_command", "code_images", "key_folder", "hardware_keys", "trusted_time"}  # these need files
WITHOUT_EXAMPLE |= {name for name in MODULES if name.endswith("errors")}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"certificates.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted > 0 or name in WITHOUT_EXAMPLE
    assert module.__doc__


def test_every_error_has_one_root_and_says_when_it_is_raised() -> None:
    for name in MODULES:
        module = importlib.import_module(f"certificates.{name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            inside = issubclass(kind, ValueError)  # caught within the room
            if issubclass(kind, Exception) and kind.__module__ == module.__name__ and not inside:
                assert issubclass(kind, CertificatesError), kind
                assert kind.__doc__
