"""A department that the project has never seen, with a register of its own: made on the spot, as an operator would."""

from pathlib import Path

DEPARTMENT = """\
id: forestry
nameZh: 林业局
nameEn: Forestry Bureau
areaCode: "440500"
level: 市
validFrom: 2019-01-01
"""

REGISTER = """\
apiVersion: v3.2.0
kind: DataContract
id: forestry-ancient_trees
version: "1.0.0"
status: active
domain: forestry
schema:
  - name: ancient_trees
    businessName: 古树名木库
    customProperties:
      - {property: titleEn, value: Ancient trees}
      - {property: subjectKind, value: {id: tree, zh: 树木, en: tree}}
      - {property: merged, value: true}
    properties:
      - {name: tree_number, businessName: 古树编号, primaryKey: true, classification: public}
      - {name: species, businessName: 树种, classification: public}
      - {name: protection, businessName: 保护等级, classification: public}
"""

TREES = """\
apiVersion: v3.2.0
kind: DataContract
id: forestry-trees
version: "1.0.0"
status: active
domain: forestry
servers:
  - server: forestry_drop
    type: custom
    encoding: GB18030
    customProperties:
      - {property: kind, value: files}
schema:
  - name: trees
    physicalName: trees_*.csv
    businessName: 古树名木普查信息
    description: 每株古树一行
    customProperties:
      - {property: titleEn, value: Survey of ancient trees}
      - {property: group, value: 园林}
      - {property: sharing, value: {class: 无条件共享}}
      - property: register
        value:
          register: ancient_trees
          subjectKey: tree_number
          precedence: 1
          attributes: {species: species, protection: protection}
    properties:
      - name: tree_number
        businessName: 古树编号
        physicalName: 古树编号
        primaryKey: true
        classification: public
        logicalTypeOptions: {maxLength: 12, pattern: "GS[0-9]{4}"}
      - name: species
        businessName: 树种
        physicalName: 树种
        required: true
        classification: public
        logicalTypeOptions: {maxLength: 30}
      - name: protection
        businessName: 保护等级
        physicalName: 保护等级
        classification: public
        enum:
          - {value: "1", label: 一级, description: first class}
          - {value: "2", label: 二级, description: second class}
          - {value: "3", label: 三级, description: third class}
      - name: planted_on
        businessName: 栽植日期
        physicalName: 栽植日期
        logicalType: date
        classification: public
slaProperties:
  - {property: frequency, value: 30, unit: d, scheduler: cron, schedule: "0 3 * * *"}
  - {property: latency, value: 60, unit: d}
"""

GIRTH = """\
      - name: girth
        businessName: 胸围
        physicalName: 胸围
        logicalType: number
        classification: public
"""

ROWS = [
    "GS0001,樟树,1,1723-03-01",
    "GS0002,榕树,2,1850-05-20",
    "GS0003,荔枝,3,",
    "GS0004,银杏,9,1799-01-01",
    "树五,木棉,2,1900-01-01",
    "GS0006,,1,1880-02-30",
]
"""Three good rows; an unknown code, a wrong number, an empty species with an impossible date."""


def write_department(folder: Path, *, trees: str = TREES, register: str | None = REGISTER) -> Path:
    """`<folder>/forestry` with its contracts, over what is there."""
    place = folder / "forestry"
    place.mkdir(parents=True, exist_ok=True)
    (place / "department.yaml").write_text(DEPARTMENT, "utf-8")
    (place / "trees.odcs.yaml").write_text(trees, "utf-8")
    if register is not None:
        (place / "trees.register.odcs.yaml").write_text(register, "utf-8")
    return place


def with_girth(version: str = "1.1.0") -> str:
    """The contract with a further column."""
    return TREES.replace('version: "1.0.0"', f'version: "{version}"').replace(
        "slaProperties:", GIRTH + "slaProperties:"
    )


def write_trees(folder: Path, name: str, rows: list[str] = ROWS, extra: str = "") -> Path:
    """A file of the source, in GB18030 as agreed; renamed into its place when it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_bytes("\r\n".join([f"古树编号,树种,保护等级,栽植日期{extra}", *rows, ""]).encode("gb18030"))
    return part.rename(folder / name)
