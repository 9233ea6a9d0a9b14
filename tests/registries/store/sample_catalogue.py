"""A small catalogue made in code, so that tests of the store say all they rely on."""

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
import sqlalchemy as sa

from registries.contracts.model import CertificateMapping, Column, Dataset, RegisterRole, Server, Sharing, Sla
from registries.departments import Catalogue, Department, load_catalogue
from registries.store import clients
from registries.store.grants import Claimant

LICENCE_TYPE = "11100000MB0143028R001"
NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


CLAIMANT = Claimant("test_office", "client:test-system")
"""Who asks in these tests; `add_claimant` registers it."""


def add_claimant(conn_owner: sa.Connection) -> None:
    """Register the client that asks."""
    clients.add_client(conn_owner, "test-system", "test_office", "测试系统")


def make_dataset(name: str, columns: Sequence[Column], **more: object) -> Dataset:
    settings: dict[str, object] = {
        "name": name,
        "department": name.split(".", maxsplit=1)[0],
        "contract_id": name,
        "contract_version": "1.0.0",
        "title_zh": name,
        "title_en": name,
        "columns": tuple(columns),
        "key": tuple(column.name for column in columns if column.key),
        "rules": (),
        "server": Server("somewhere", "files", pattern="*.csv"),
        "sla": Sla(1, 3, "0 2 * * *"),
        "sharing": Sharing("无条件共享"),
        **more,
    }
    return Dataset(**settings)  # type: ignore[arg-type] # a test's shorthand


PEOPLE = make_dataset(
    "test_police.people",
    [
        Column("number", "号码", key=True, classification="personal"),
        Column("name", "姓名", classification="personal"),
        Column("born_on", "出生日期", "date"),
        Column("points", "积分", "integer"),
        Column("division", "区划"),
    ],
    register=RegisterRole("population", "number", {"name": "name", "division": "division"}),
    area_column="division",
)

LICENCES = make_dataset(
    "test_market.licences",
    [
        Column("licence_no", "证照编号", key=True),
        Column("holder", "持证主体"),
        Column("holder_code", "持证主体代码"),
        Column("code_type", "代码类型"),
        Column("status", "状态"),
        Column("status_since", "状态变更日期", "date"),
        Column("status_reason", "说明"),
        Column("issued_on", "颁发日期", "date"),
        Column("valid_until", "截止日期", "date"),
        Column("identifier", "电子证照标识"),
        Column("issuer", "颁发机构"),
    ],
    certificate=CertificateMapping(
        type_code=LICENCE_TYPE,
        number="licence_no",
        holder_name="holder",
        holder_code="holder_code",
        holder_code_type="code_type",
        status="status",
        status_since="status_since",
        status_reason="status_reason",
        issued_on="issued_on",
        valid_until="valid_until",
        identifier="identifier",
        issuing_authority_name="issuer",
    ),
    register=RegisterRole("certificates", "licence_no", {"holder": "holder", "status": "status"}),
)


def division_list(name: str, precedence: int) -> Dataset:
    """One publisher's list of divisions."""
    return make_dataset(
        name,
        [
            Column("code", "代码", key=True, classification="public"),
            Column("name", "名称", classification="public"),
        ],
        register=RegisterRole("geography", "code", {"name": "name"}, precedence),
    )


STATISTICS = division_list("test_statistics.divisions", 1)
CIVIL = division_list("test_civil.divisions", 2)
DATASETS = (PEOPLE, LICENCES, STATISTICS, CIVIL)


def catalogue_of(*datasets: Dataset) -> Catalogue:
    departments = sorted({dataset.department for dataset in datasets})
    return Catalogue(
        tuple(Department(name, name, name, "440500", "市", dt.date(2020, 1, 1)) for name in departments),
        tuple(datasets),
        load_catalogue().registers,
    )


CATALOGUE = catalogue_of(*DATASETS)


def text_batch(dataset: Dataset, rows: Sequence[Mapping[str, str | None]]) -> pa.RecordBatch:
    """Rows as a canonical chunk: text columns named as the contract's; what a row lacks is null."""
    return pa.RecordBatch.from_pydict(
        {column.name: pa.array([row.get(column.name) for row in rows], pa.string()) for column in dataset.columns}
    )
