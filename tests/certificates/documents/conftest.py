"""One hub for all tests of documents: keys are slow to make."""

import pytest

from tests.certificates.documents.made_receipts import MadeHub, make_hub


@pytest.fixture(scope="session")
def made_hub(tmp_path_factory: pytest.TempPathFactory) -> MadeHub:
    return make_hub(tmp_path_factory.mktemp("keys"))
