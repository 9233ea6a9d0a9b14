"""The shipped types are whole, official codes are real and demo codes are marked; broken files are named."""

from pathlib import Path

import pytest

from certificates.identifiers import check_uscc
from certificates.status import Status
from certificates.types import BrokenType, CertificateType, FieldKind, HolderKind, Validity, load_types

SHIPPED = load_types()
GOOD = Path(__file__).parents[2] / "certificates" / "types" / "business_licence.yaml"


@pytest.mark.parametrize("kind", SHIPPED.values(), ids=lambda kind: kind.code)
def test_shipped_types(kind: CertificateType) -> None:
    assert kind.code == SHIPPED[kind.code].code
    assert kind.demo == kind.code.startswith("DEMO")
    assert kind.demo or check_uscc(kind.code[:18])
    assert Status.VALID in kind.status_map.values()
    assert kind.holder_kinds
    assert kind.definer_en
    assert kind.issuers_zh
    assert kind.issuers_en
    assert kind.fields
    assert ("示例代码" in kind.shown_code) == kind.demo
    assert kind.definer_code == (None if kind.demo else kind.code[:18])


def test_what_the_face_shows_is_told_field_by_field() -> None:
    fields = {one.name: one for one in SHIPPED["11100000MB0143028R001"].fields}
    assert (fields["founded_on"].zh, fields["founded_on"].kind, fields["founded_on"].required) == (
        "成立日期",
        FieldKind.DATE,
        True,
    )
    assert SHIPPED["11100000MB03271699001"].object_kinds == ("real_estate_unit",)
    assert SHIPPED["11100000000019713D008"].timely_renewal_days == 30


def test_a_file_may_say_less(tmp_path: Path) -> None:
    lines = GOOD.read_text(encoding="utf-8").replace("11100000MB0143028R001", "11100000MB0143028R009").splitlines()
    more = ("definer_en", "issuers_", "timely_", "object_kinds", "fields", "  - {", "status_codes_of")
    (tmp_path / "own.yaml").write_text("\n".join(line for line in lines if not line.startswith(more)), "utf-8")
    kind = load_types([tmp_path])["11100000MB0143028R009"]
    assert (kind.fields, kind.object_kinds, kind.timely_renewal_days, kind.issuers_zh) == ((), (), None, "")


def test_the_business_licence() -> None:
    licence = SHIPPED["11100000MB0143028R001"]
    assert (licence.name_zh, licence.validity) == ("营业执照", Validity.FIXED_END)
    assert licence.holder_kinds == (HolderKind.LEGAL_ENTITY,)
    assert licence.status_of("10") == Status.VALID
    assert licence.status_of("05") == Status.REVOKED_PENALTY
    assert licence.status_of("09") is None
    assert licence.means_long_term("9999-12-31")
    assert not licence.means_long_term("2099-12-31")


def test_the_housing_ministrys_codes_are_its_own() -> None:
    constructor = SHIPPED["11100000000013338W001"]
    assert [constructor.status_of(code) for code in ("01", "02", "03", "07")] == [
        Status.VALID,
        Status.SUSPENDED,
        Status.REVOKED_VOID,
        Status.REVOKED_PENALTY,
    ]


def test_types_the_design_names_are_there() -> None:
    names = {kind.name_zh for kind in SHIPPED.values()}
    assert {"居民身份证", "营业执照", "道路运输经营许可证", "二级建造师注册证书", "居住证", "结婚证"} <= names


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('code: "11100000MB0143028R001"', 'code: "111"'),
        ("demo: false", "demo: true"),
        ("demo: false", "demo: perhaps"),
        ("demo: false\n", ""),
        ("validity: fixed_end", "validity: for ever"),
        ('"10": valid', '"10": fine'),
        ('"10": valid', "10: valid"),
        ("[legal_entity]", "[ghost]"),
        ("[legal_entity]", "3"),
        ("status_map:", "statusmap:"),
        ("name_zh: 营业执照", "name_zh: ''"),
        ("timely_renewal_days: null", "timely_renewal_days: -1"),
        ("timely_renewal_days: null", "timely_renewal_days: true"),
        ("object_kinds: []", "object_kinds: [A car]"),
        ("object_kinds: []", "object_kinds: 3"),
        ("kind: amount", "kind: money"),
        ("required: false", "required: 0"),
        ("name: address", "name: entity_type"),
        ("name: address, ", ""),
        ("status_codes_of: ", "status_codes_of: 3 #"),
        ("name_zh: 营业执照", "name_zh: [a"),
        ('code: "11100000MB0143028R001"', 'code: "11100000MB0143028R001"\nunknown: 1'),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, old: str, new: str) -> None:
    text = GOOD.read_text(encoding="utf-8").replace("11100000MB0143028R001", "11100000MB0143028R002")
    old, new = (part.replace("11100000MB0143028R001", "11100000MB0143028R002") for part in (old, new))
    assert old in text
    (tmp_path / "mine.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenType) as caught:
        load_types([tmp_path])
    assert caught.value.file_name == "mine.yaml"
    assert "mine.yaml" in caught.value.zh


def test_further_folders_add_types_and_may_not_repeat_codes(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text("not a type", encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text.replace("11100000MB0143028R001", "11100000MB0143028R009"), encoding="utf-8")
    assert "11100000MB0143028R009" in load_types([tmp_path])
    (tmp_path / "again.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenType):
        load_types([tmp_path])
    (tmp_path / "again.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BrokenType):
        load_types([tmp_path])
