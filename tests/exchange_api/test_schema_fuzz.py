"""Six hundred requests drawn from the API's own description; `tests.checks.schema_fuzz` sends twenty thousand."""

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from tests.checks.fuzzed_hub import sender_to
from tests.checks.schema_fuzz import fuzz
from tests.conftest import Hub
from tests.exchange_api.conftest import Certificates, Clock, serving


@pytest.mark.filterwarnings("ignore")  # of the drawing library, about itself
def test_nothing_undocumented_comes_back(hub: Hub) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    Certificates(hub, clock).add("S0001")
    with serving(hub, lambda: datetime.now(UTC)) as served, ExitStack() as closing:
        tally = fuzz(sender_to(hub, served, lambda: datetime.now(UTC), closing), 600)
    assert tally.sent == 600
    assert dict(tally.undocumented) == {}
    assert dict(tally.faults) == {}
    assert tally.share >= 0.6, tally.to_json()
