"""The samples that ship with the departments have the form that their contracts describe."""

from pathlib import Path

import pytest

from registries.connectors.arrivals import delivery_of
from registries.connectors.formats import SUFFIXES
from registries.connectors.kinds import upload_connector
from registries.contracts.model import Dataset
from registries.departments import BUILT_IN, load_catalogue

SAMPLES = sorted(path for path in BUILT_IN.glob("*/samples/*") if path.suffix in SUFFIXES)


def dataset_of(path: Path) -> Dataset:
    """The department's dataset whose pattern fits, or whose name the file has."""
    department = path.parent.parent.name
    catalogue = load_catalogue()
    of_department = [one for one in catalogue.datasets if one.department == department]
    fitting = [one for one in of_department if delivery_of(one, path.name) is not None]
    return fitting[0] if len(fitting) == 1 else catalogue.dataset(f"{department}.{path.stem.rstrip('_0123456789')}")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.parent.name}.{path.name}")
def test_samples_have_their_contracts_form(path: Path) -> None:
    rows = sum(
        batch.num_rows for batch in upload_connector(dataset_of(path), path.name, lambda: path.open("rb")).chunks()
    )
    assert rows >= 2
