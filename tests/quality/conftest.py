"""Deliveries made by hand, and an intake that takes them in, on a real store."""

import datetime as dt
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

import pyarrow as pa
import pytest
import sqlalchemy as sa

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality.intake import Intake, IntakeOutcome, Progress, quiet
from registries.compare import placing
from registries.compare.images import Images
from registries.contracts.model import Dataset
from registries.home import Role
from registries.landing import Landing
from registries.store.digest import store_digest
from tests.conftest import Hub

Rows = Sequence[Mapping[str, str | None]]
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
RESIDENTS = "public_security.residents"
LICENCES = "market_regulation.business_licences"
ENTERPRISES = "market_regulation.enterprises"


@dataclass
class Delivery:
    """A source whose rows a test chose, all of them; `name` is its identity."""

    dataset: Dataset
    rows: Rows
    name: str
    chunk: int = 3
    delivery: Literal["snapshot", "changes"] = "snapshot"
    position: str | None = None

    description = "a test's delivery"

    def identity(self) -> str:
        return self.name

    def original(self) -> BinaryIO | None:
        return io.BytesIO(self.name.encode())

    def watermark(self) -> str | None:
        return None

    def chunks(self) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in self.dataset.columns]
        for start in range(0, len(self.rows), self.chunk):
            part = self.rows[start : start + self.chunk]
            columns = [pa.array([row.get(name) for row in part], pa.string()) for name in names]
            yield pa.RecordBatch.from_arrays(columns, names=names)


def resident(number: str, **changes: str | None) -> dict[str, str | None]:
    """A good row of public_security.residents for a good citizen number."""
    row = {
        "citizen_number": number,
        "name": "张三",
        "sex": "1" if int(number[16]) % 2 else "2",
        "birth_date": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "ethnicity": "01",
        "division_code": "440511",
        "address": "汕头市金平区某路 1 号",
        "household_number": "440511000001",
        "marital_status": "10",
        "life_status": "1",
        "registered_on": "2020-01-01",
        "updated_at": "2025-01-01 10:00:00",
    }
    return {**row, **changes}


def licence(number: str, **changes: str | None) -> dict[str, str | None]:
    """A good row of market_regulation.business_licences."""
    row = {
        "certificate_number": number,
        "certificate_identifier": None,
        "holder_name": "汕头某某有限公司",
        "holder_code": "91110000600037341L",
        "holder_code_type": "001",
        "issuing_authority_name": "汕头市市场监督管理局",
        "issuing_authority_code": "11100000000013338W",
        "issued_on": "2020-01-01",
        "valid_from": "2020-01-01",
        "valid_until": "9999-12-31",
        "status_code": "10",
        "certificate_version": "001",
        "area_code": "440511",
        "operation": "I",
        "updated_at": "2026-01-01 08:00:00",
    }
    return {**row, **changes}


NUMBERS = ["11010519491231002X", "440524188001010014", "110101199003072316", "810000199408230021"]


def opened(hub: Hub, sources: Mapping[str, str] | None = None) -> Intake:
    """An intake of the hub, with the sources that a test names."""
    key = sealing_key(hub.home.secret_or_new("landing_key"))
    landing, images = Landing(hub.home.landed, key), Images(hub.home.spill, key)
    return Intake(hub.store(Role.LOAD), landing, images, hub.catalogue, load_types(), lambda: NOW, sources or {})


@pytest.fixture
def deliver(hub: Hub) -> Callable[..., IntakeOutcome]:
    """Takes rows in as the next delivery of a dataset; equal names are equal deliveries."""
    intake = opened(hub)

    def take(dataset: str, rows: Rows, name: str = "first", progress: Progress = quiet) -> IntakeOutcome:
        delivery = Delivery(hub.catalogue.dataset(dataset), rows, name)
        return intake.take_in(dataset, connector=delivery, progress=progress, deliverer="test")

    return take


@pytest.fixture
def digest(hub: Hub) -> Callable[[], dict[str, str]]:
    """The store's digest now."""
    return lambda: digest_of(hub)


def digest_of(hub: Hub) -> dict[str, str]:
    """The digest of a hub's store."""
    with hub.store(Role.OWNER).begin() as conn:
        return store_digest(conn)


def asked(hub: Hub, statement: str) -> list[tuple[object, ...]]:
    """What the store holds, as its owner sees it."""
    with hub.store(Role.OWNER).begin() as conn:
        return [tuple(row) for row in conn.execute(sa.text(statement))]


@pytest.fixture(params=["whole", "sparse"])
def placed_either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are staged as those of small batches, and as those of large ones: what comes of them must not differ."""
    if request.param == "sparse":
        monkeypatch.setattr(placing, "SMALL", 0)
