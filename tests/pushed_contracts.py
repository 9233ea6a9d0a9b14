"""A department that pushes, made on the spot: deeds with a watermark and deletes, tariffs without, a drop of files."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from registries.home import HubHome
from registries.operators.folders import operators_folder
from registries.operators.take_up import take_up
from registries.store.engine import Store

DEEDS, TARIFFS, DROPPED = "housing.deeds", "housing.tariffs", "housing.archive"
DEED_TYPE = "11100000MB03271699001"

DEPARTMENT = """\
id: housing
nameZh: 示例房管局
nameEn: Housing Bureau
areaCode: "440500"
level: 市
validFrom: 2019-01-01
"""

_HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: housing-{table}
version: "1.0.0"
status: active
domain: housing
servers:
  - server: housing_{kind}
    type: custom
    customProperties:
      - {{property: kind, value: {kind}}}
slaProperties:
  - {{property: frequency, value: 1, unit: d, scheduler: cron, schedule: "0 3 * * *"}}
  - {{property: latency, value: 3, unit: d}}
schema:
"""

_DEEDS = """\
  - name: deeds
    physicalName: deeds
    businessName: 不动产权证书
    customProperties:
      - {property: titleEn, value: Deeds}
      - {property: delivery, value: changes}
      - {property: watermark, value: changed_at}
      - {property: operation, value: {column: op, delete: ["D"]}}
      - {property: gate, value: {maxDrop: 1, maxRefused: 1}}
      - {property: sharing, value: {class: 无条件共享}}
      - property: certificate
        value: {typeCode: 11100000MB03271699001, number: number, holderName: owner, holderCode: owner_code,
                holderCodeType: owner_code_type, issuedOn: issued_on, status: status}
    properties:
      - name: number
        businessName: 不动产权证号
        primaryKey: true
        required: true
        classification: internal
        logicalTypeOptions: {maxLength: 40}
        customProperties: [{property: semantic, value: certificate_number}]
      - name: owner
        businessName: 权利人
        required: true
        classification: personal
        customProperties: [{property: semantic, value: organisation_name}]
      - name: owner_code
        businessName: 权利人代码
        required: true
        classification: personal
        customProperties: [{property: semantic, value: uscc}]
      - name: owner_code_type
        businessName: 代码类型
        required: true
        classification: public
        enum: [{value: "001", label: 统一社会信用代码, description: unified social credit code}]
      - {name: issued_on, businessName: 登记日期, logicalType: date, required: true, classification: public}
      - {name: area, businessName: 面积, logicalType: number, classification: public}
      - name: status
        businessName: 状态
        required: true
        classification: public
        enum:
          - {value: valid, label: 有效, description: valid}
          - {value: cancelled, label: 注销, description: cancelled}
      - {name: changed_at, businessName: 变更时间, logicalType: timestamp, required: true, classification: internal}
      - name: op
        businessName: 操作
        required: true
        classification: internal
        enum:
          - {value: P, label: 新增或变更, description: put}
          - {value: D, label: 删除, description: delete}
"""

_PLAIN = """\
  - name: {table}
    physicalName: "{place}"
    businessName: 价目
    customProperties:
      - {{property: titleEn, value: Tariffs}}
      - {{property: delivery, value: {delivery}}}
      - {{property: sharing, value: {{class: 无条件共享}}}}
    properties:
      - {{name: code, businessName: 代码, primaryKey: true, required: true, classification: public}}
      - {{name: price, businessName: 价格, logicalType: number, classification: public}}
      - {{name: in_force, businessName: 是否有效, logicalType: boolean, classification: public}}
"""

OWNER = ("汕头某某有限公司", "91110000600037341L", "001")


def contracts() -> Mapping[str, str]:
    """File name -> text."""
    return {
        "department.yaml": DEPARTMENT,
        "deeds.odcs.yaml": _HEAD.format(table="deeds", kind="push") + _DEEDS,
        "tariffs.odcs.yaml": _HEAD.format(table="tariffs", kind="push").replace("housing_push", "housing_tariffs")
        + _PLAIN.format(table="tariffs", place="tariffs", delivery="changes"),
        "archive.odcs.yaml": _HEAD.format(table="archive", kind="files")
        + _PLAIN.format(table="archive", place="archive_*.csv", delivery="snapshot"),
    }


def write_contracts(home: HubHome) -> Path:
    """The department's folder among the operator's contracts."""
    folder = operators_folder(home) / "housing"
    folder.mkdir(parents=True)
    for name, text in contracts().items():
        (folder / name).write_text(text, "utf-8")
    return folder


def take_contracts_up(home: HubHome, store_load: Store, now: datetime) -> None:
    """Let the hub know the department, as its worker would within seconds."""
    write_contracts(home)
    taken = take_up(home, store_load, now)
    assert taken.accepted == ("housing",), taken.refused


def deed(number: str, **more: str | float | bool | None) -> dict[str, str | float | bool | None]:
    """A good row."""
    owner, code, code_type = OWNER
    row: dict[str, str | float | bool | None] = {
        "number": number,
        "owner": owner,
        "owner_code": code,
        "owner_code_type": code_type,
        "issued_on": "2020-01-02",
        "area": 88.5,
        "status": "valid",
        "changed_at": "2026-03-01 08:00:00",
        "op": "P",
    }
    return row | more
