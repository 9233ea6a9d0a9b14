"""A department made on the spot, whose datasets are delivered in every way: for tests of deliveries.

`shops` come as full files and change sets with watermarks and deletes, `stalls` likewise without watermarks, `permits`
are certificates that come as change sets.
"""

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality.intake import Intake
from registries.compare.images import Images
from registries.departments import Catalogue, load_catalogue
from registries.home import HubHome, Role
from registries.landing import Landing
from registries.store import planner
from registries.store.engine import Store

Row = Mapping[str, str]
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
SHOPS, STALLS, PERMITS = "market.shops", "market.stalls", "market.permits"
COLUMNS = ("code", "name", "at", "op")
SERVER = "market_drop"

_DEPARTMENT = """
id: market
nameZh: 市场
nameEn: Market
areaCode: "440500"
level: 市
validFrom: 2020-01-01
"""

_HEAD = """
apiVersion: v3.2.0
kind: DataContract
id: market-lists
version: "1.0.0"
status: active
name: 市场名录
domain: market
description: {purpose: 测试, usage: 测试}
servers:
  - server: market_drop
    type: custom
    encoding: UTF-8
    customProperties:
      - {property: kind, value: files}
slaProperties:
  - {property: frequency, value: 1, unit: d, schedule: "0 2 * * *"}
  - {property: latency, value: 3, unit: d}
schema:
"""

_TABLE = """
  - name: %(name)s
    physicalName: %(name)s_full_*.csv
    physicalType: file
    businessName: 名录
    description: 名录
    customProperties:
      - {property: titleEn, value: List}
      - {property: delivery, value: changes}
      - {property: changesPattern, value: "%(name)s_changes_*.csv"}
      - {property: operation, value: {column: op, delete: ["D"]}}
      - {property: gate, value: {maxDrop: 1, maxRefused: 1}}
      - {property: sharing, value: {class: 无条件共享}}
      %(more)s
    properties:
      - {name: code, businessName: 编号, logicalType: string, primaryKey: true, required: true,
         classification: public, logicalTypeOptions: {pattern: "[A-Z]+"}}
      - {name: name, businessName: 名称, logicalType: string, required: true, classification: public}
      - {name: at, businessName: 时间, logicalType: integer, required: true, classification: public}
      - name: op
        businessName: 操作
        logicalType: string
        classification: public
        enum: [{value: "U", label: 存}, {value: "D", label: 删}]
      %(columns)s
"""

_CERTIFICATE = """- {property: watermark, value: at}
      - property: certificate
        value: {typeCode: "11100000MB0143028R001", number: code, holderName: name, holderCode: holder, status: status}
"""
_HOLDER = """- {name: holder, businessName: 代码, logicalType: string, classification: public}
      - {name: status, businessName: 状态, logicalType: string, classification: public}
"""


def market_catalogue(folder: Path) -> Catalogue:
    """The catalogue of the department, written into a folder."""
    place = folder / "market"
    place.mkdir(parents=True, exist_ok=True)
    (place / "department.yaml").write_text(_DEPARTMENT, "utf-8")
    tables = (
        _TABLE % {"name": "shops", "more": "- {property: watermark, value: at}", "columns": ""},
        _TABLE % {"name": "stalls", "more": "- {property: group, value: 摊位}", "columns": ""},
        _TABLE % {"name": "permits", "more": _CERTIFICATE, "columns": _HOLDER},
    )
    (place / "lists.odcs.yaml").write_text(_HEAD + "".join(tables), "utf-8")
    return load_catalogue([folder])


class Market:
    """A hub with this department, and the folder into which its files are dropped."""

    def __init__(self, home: HubHome, catalogue: Catalogue, drop: Path) -> None:
        self.home, self.catalogue, self.drop = home, catalogue, drop
        drop.mkdir(parents=True, exist_ok=True)
        self.store = Store(home.store_url(Role.LOAD))
        planner.plan(self.store, catalogue)

    def intake(self, store: Store | None = None) -> Intake:
        """An intake of its own."""
        key = sealing_key(self.home.secret_or_new("landing_key"))
        landing, images = Landing(self.home.landed, key), Images(self.home.spill, key)
        sources = {SERVER: str(self.drop)}
        return Intake(store or self.store, landing, images, self.catalogue, load_types(), lambda: NOW, sources)

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> None:
        """Drop a file, whole at once; its name says where it belongs."""
        part = self.drop / f"{name}.csv.part"
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        part.rename(self.drop / f"{name}.csv")
