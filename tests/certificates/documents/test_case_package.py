"""The archive package of a case: whole and verifiable by itself; whatever is changed, added or left out is found."""

import hashlib
import io
import json
import random
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.documents.errors import EmptyCase
from certificates.documents.examining import examine_document
from certificates.documents.examining_packages import examine_package
from certificates.documents.stored_zip import read_zip, write_zip
from certificates.evidence.receipts import examine_receipt
from tests.certificates.documents.made_receipts import FINGERPRINT, NOW, VERIFICATION, MadeHub, make_hub, parsed


@pytest.fixture(scope="module")
def package(made_hub: MadeHub) -> bytes:
    return made_hub.package(
        made_hub.evidence(), made_hub.evidence({**VERIFICATION, "code": "expired"}, jti="fedcba9876543210")
    )


@pytest.fixture(scope="module")
def members(package: bytes) -> dict[str, bytes]:
    return read_zip(package)


def test_it_holds_what_an_archive_needs(members: dict[str, bytes]) -> None:
    folder = "receipts/0123456789abcdef"
    assert {"README.txt", "manifest.json", "manifest.jws", "metadata.xml", "keys.jwks", "checkpoint.txt"} <= set(
        members
    )
    assert {name for name in members if name.startswith(folder)} == {
        f"{folder}/{name}" for name in ("receipt.jws", "proof.txt", "document.pdf", "document.ofd", "metadata.xml")
    }
    readme = members["README.txt"].decode()
    assert FINGERPRINT in readme
    assert "python -m certificates package" in readme
    assert "离线验证" in readme


def test_common_programs_open_it(package: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None


def test_the_manifest_has_every_file_with_its_digest(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    assert {entry["path"]: entry["sha256"] for entry in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items() if not name.startswith("manifest.")
    }
    assert [one["verdict"] for one in manifest["receipts"]] == ["valid", "expired"]


def test_the_metadata_names_case_and_certificate(members: dict[str, bytes]) -> None:
    space = "{urn:mianzheng:verification-metadata:1}"
    root = parsed(members["metadata.xml"])
    assert root.get("number") == "ST-2026-0001"
    assert len(root.findall(f"{space}receipt")) == 2
    first = {item.get("short"): item.text for item in root.find(f"{space}receipt").iter(f"{space}item")}  # type: ignore[union-attr] # asserted above
    assert first["ZZBH"] == "S051520243060073"
    assert first["KZ_BJBH"] == "ST-2026-0001"
    assert first["CZZT"] == "汕头市\U00020bb7野家<&>有限公司"


def test_it_verifies_with_the_keys_alone(made_hub: MadeHub, package: bytes) -> None:
    report = examine_package("p.zip", package, made_hub.given)
    assert report.genuine
    assert [one["verdict"] for one in report.content["receipts"]] == ["valid", "expired"]
    assert all(one["logged"] for one in report.content["receipts"])


def test_each_file_in_it_verifies_by_itself(made_hub: MadeHub, members: dict[str, bytes]) -> None:
    folder = "receipts/0123456789abcdef"
    proof = members[f"{folder}/proof.txt"].decode()
    token = members[f"{folder}/receipt.jws"].decode()
    assert examine_receipt(token, replace(made_hub.given, proof=proof)).genuine
    for kind in ("pdf", "ofd"):
        assert examine_document("d", members[f"{folder}/document.{kind}"], made_hub.given).genuine


def test_a_file_that_was_changed_left_out_or_added_is_found(made_hub: MadeHub, members: dict[str, bytes]) -> None:
    for name, data in members.items():
        middle = len(data) // 2
        changed = write_zip({**members, name: data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]})
        without = write_zip({other: content for other, content in members.items() if other != name})
        for forged in (changed, without):
            assert not examine_package("p.zip", forged, made_hub.given).genuine, name
    assert not examine_package("p.zip", write_zip({**members, "receipts/note.txt": b"x"}), made_hub.given).genuine


def test_what_hides_beside_the_members_is_found(made_hub: MadeHub, package: bytes) -> None:
    for forged in (package + b"x", b"x" + package, package[:-22] + package[-22:-2] + b"\x01\x00x"):
        assert not examine_package("p.zip", forged, made_hub.given).genuine


def test_changed_bytes_anywhere_are_found(made_hub: MadeHub, package: bytes) -> None:
    for place in random.Random(3).sample(range(len(package)), 300):
        changed = package[:place] + bytes([package[place] ^ 0x80]) + package[place + 1 :]
        assert not examine_package("p.zip", changed, made_hub.given).genuine, place


def test_another_hub_s_package_is_refused(package: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = make_hub(tmp_path_factory.mktemp("other"))
    report = examine_package("p.zip", package, other.given)
    assert not report.genuine
    assert [check.name for check in report.checks][-1] == "manifest"


def test_a_package_from_the_future_is_refused(made_hub: MadeHub, package: bytes) -> None:
    early = replace(made_hub.given, at=NOW - timedelta(hours=1))
    assert not examine_package("p.zip", package, early).genuine


def test_a_case_without_receipts_has_no_package(made_hub: MadeHub) -> None:
    with pytest.raises(EmptyCase):
        made_hub.package()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_and_nothing_is_raised(data: bytes) -> None:
    from certificates.evidence.given import Given

    for content in (data, b"PK\x03\x04" + data):
        assert not examine_package("x", content, Given({"keys": []})).genuine


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abc/.", min_size=1, max_size=8), st.binary(max_size=30), max_size=5))
def test_a_zip_is_read_as_it_was_written(members: dict[str, bytes]) -> None:
    assert read_zip(write_zip(members)) == members
