"""A sample city's departments with all their servers, and a hub that was told where they are: for whole cycles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mianzheng.processes import Children
from mianzheng.sample_city_up import (
    keep_source_secrets,
    keep_sources,
    places_of,
    start_departments,
    wait_for_addresses,
)
from mianzheng.supervisor import child_environment
from registries.home import HubHome


@contextmanager
def departments_up(home: HubHome, city: Path, city_url: str) -> Iterator[None]:
    """Civil affairs, health and tax serve; sources.json and secrets stand in `home`; it ends with the block."""
    children = Children(home.logs, child_environment(home))
    try:
        start_departments(children, city)
        wait_for_addresses(children, city, home.logs)
        keep_sources(home, places_of(city, city_url, city_url.replace("postgresql://", "postgresql+psycopg://", 1)))
        keep_source_secrets(home, city)
        yield
    finally:
        children.stop()
