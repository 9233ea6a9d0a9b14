"""Drop folders: only complete plain files count, and one that changes while it is read is not taken."""

import hashlib
import io
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import (
    AddressUnusable,
    NoDelivery,
    NotPulled,
    SourceDown,
    SourceUnknown,
    StillBeingWritten,
)
from registries.connectors.file_faults import LateDelivery, ManifestDisagrees, ManifestUnreadable
from registries.connectors.folder import Folder
from registries.connectors.kinds import NOTHING_TAKEN, Taken, arrived, connector_for, no_secrets, trials
from registries.contracts.model import SourceKind
from tests.registries.connectors.shops import HEADER, ROW, SHOPS, rows_of


def drop(folder: Path, name: str, text: str = "", at: int = 1) -> Path:
    path = folder / name
    path.write_text(f"{HEADER}\n{text}", "gb18030")
    os.utime(path, ns=(at, at))
    return path


def next_drop(folder: Path, before: Taken = NOTHING_TAKEN) -> DeliveredFile:
    found = connector_for(SHOPS, {"shops_drop": str(folder)}, no_secrets, before)
    assert isinstance(found, DeliveredFile)
    return found


def test_the_newest_complete_file_is_the_snapshot_by_name_not_by_time(tmp_path: Path) -> None:
    drop(tmp_path, "shops_2.csv", at=5)
    drop(tmp_path, "shops_1.csv", at=9)
    drop(tmp_path, "shops_3.csv.part", at=20)
    drop(tmp_path, "stalls_9.csv", at=20)
    (tmp_path / "shops_4.csv").mkdir()
    (tmp_path / "shops_5.csv").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "shops_6.csv")
    found = next_drop(tmp_path)
    assert (found.description, found.position, found.delivery) == ("shops_2.csv", "2\tshops_2.csv", "snapshot")


def test_a_late_snapshot_is_passed_over(tmp_path: Path) -> None:
    drop(tmp_path, "shops_1.csv")
    taken = Taken(frozenset({"2\tshops_2.csv"}), "2\tshops_2.csv")
    assert connector_for(SHOPS, {"shops_drop": str(tmp_path)}, no_secrets, taken) is None


def test_half_a_delivery_is_none(tmp_path: Path) -> None:
    drop(tmp_path, "shops_1.csv.part")
    with pytest.raises(NoDelivery) as caught:
        next_drop(tmp_path)
    assert "shops_*.csv" in caught.value.zh
    assert arrived(SHOPS, {"shops_drop": str(tmp_path)}) is None


def test_what_has_arrived_is_seen_without_reading_it(tmp_path: Path) -> None:
    path = drop(tmp_path, "shops_1.csv")
    sources = {"shops_drop": str(tmp_path)}
    first, again = arrived(SHOPS, sources), arrived(SHOPS, sources)
    assert first == again
    assert first is not None
    assert first.changed_at == path.stat().st_ctime
    drop(tmp_path, "shops_1.csv", f"{ROW}\n", at=2)
    mended = arrived(SHOPS, sources)
    assert mended is not None
    assert mended.digest != first.digest


def test_identity_is_the_digest_of_the_bytes(tmp_path: Path) -> None:
    drop(tmp_path, "shops_1.csv", at=1)
    first = next_drop(tmp_path).identity()
    drop(tmp_path, "shops_2.csv", at=2)
    assert next_drop(tmp_path).identity() == first
    drop(tmp_path, "shops_3.csv", f"{ROW}\n", at=3)
    assert next_drop(tmp_path).identity() != first


def test_a_file_that_grows_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    path = drop(tmp_path, "shops_1.csv", f"{ROW}\n" * 60_000)
    chunks = next_drop(tmp_path).chunks()
    next(chunks)
    with path.open("a", encoding="gb18030") as file:
        file.write("half a row")
    with pytest.raises(StillBeingWritten):
        list(chunks)


def test_half_a_row_of_a_growing_file_is_told_as_growth(tmp_path: Path) -> None:
    path = drop(tmp_path, "shops_1.csv", f"{ROW}\n")
    connector = next_drop(tmp_path)
    with path.open("a", encoding="gb18030") as file:
        file.write("half a row")
    with pytest.raises(StillBeingWritten):
        list(connector.chunks())


def test_a_file_that_vanishes_or_becomes_a_link_is_a_source_that_is_down(tmp_path: Path) -> None:
    path = drop(tmp_path, "shops_1.csv")
    connector = next_drop(tmp_path)
    path.unlink()
    with pytest.raises(SourceDown):
        connector.identity()
    path.symlink_to("/etc/passwd")
    with pytest.raises(SourceDown):
        connector.original()


def test_a_folder_that_is_not_there_is_a_source_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(SourceDown) as caught:
        next_drop(tmp_path / "none")
    assert str(tmp_path) not in str(caught.value)


def test_a_server_without_an_address_is_named() -> None:
    with pytest.raises(SourceUnknown) as caught:
        connector_for(SHOPS, {})
    assert "shops_drop" in caught.value.zh


def test_an_address_of_no_known_place_is_never_repeated() -> None:
    with pytest.raises(AddressUnusable) as caught:
        connector_for(SHOPS, {"shops_drop": "ftp://clerk:sesame@host/x"})
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("kind", ["push", "live_query"])
def test_what_is_not_pulled_says_so(kind: SourceKind) -> None:
    dataset = replace(SHOPS, server=replace(SHOPS.server, kind=kind))
    with pytest.raises(NotPulled) as caught:
        connector_for(dataset, {"shops_drop": "x"})
    assert caught.value.zh != caught.value.en


# --- change sets


def test_a_late_change_set_has_an_identity_but_cannot_be_read(tmp_path: Path) -> None:
    drop(tmp_path, "shops_1.csv", f"{ROW}\n")
    changes = replace(SHOPS, delivery="changes", watermark=None)
    before = Taken(frozenset({"2\tshops_2.csv"}), "2\tshops_2.csv")
    late = connector_for(changes, {"shops_drop": str(tmp_path)}, no_secrets, before)
    assert late is not None
    assert late.identity() == hashlib.sha256((tmp_path / "shops_1.csv").read_bytes()).hexdigest()
    with pytest.raises(LateDelivery):
        list(late.chunks())
    with pytest.raises(LateDelivery):
        late.original()


# --- manifests


def vouch(path: Path, **told: object) -> None:
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(told), "utf-8")


def test_a_manifest_that_agrees_is_no_matter(tmp_path: Path) -> None:
    path = drop(tmp_path, "shops_1.csv", f"{ROW}\n" * 2)
    vouch(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest().upper(), rows=2)
    assert len(rows_of(next_drop(tmp_path))) == 2


@pytest.mark.parametrize("told", [{"sha256": "0" * 64}, {"rows": 3}])
def test_a_manifest_that_disagrees_is_half_a_file(tmp_path: Path, told: dict[str, object]) -> None:
    vouch(drop(tmp_path, "shops_1.csv", f"{ROW}\n" * 2), **told)
    with pytest.raises(ManifestDisagrees):
        rows_of(next_drop(tmp_path))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"sha256": 5}', '{"rows": true}', '{"rows": -1}', '{"sha256": "00"}', "[" * 9_999]
)
def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    drop(tmp_path, "shops_1.csv").with_name("shops_1.csv.manifest.json").write_text(text, "utf-8")
    with pytest.raises(ManifestUnreadable):
        rows_of(next_drop(tmp_path))


# --- replies


def test_a_reply_is_there_whole_for_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    place = Folder("shops_drop", tmp_path)
    place.put("out", "shops_1.csv.receipt.json", io.BytesIO(b"first"))
    place.put("out", "shops_1.csv.receipt.json", io.BytesIO(b"second"))
    written = tmp_path / "out" / "shops_1.csv.receipt.json"
    assert written.read_bytes() == b"second"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [written.name]
    assert (stat.S_IMODE((tmp_path / "out").stat().st_mode), stat.S_IMODE(written.stat().st_mode)) == (0o750, 0o640)
    assert [entry.name for entry in place.entries()] == []
    place.remove("out", written.name)
    place.remove("out", written.name)
    place.remove("none", written.name)
    assert not written.exists()


def test_a_link_leads_no_reply_elsewhere(tmp_path: Path) -> None:
    elsewhere, drop_folder = tmp_path / "elsewhere", tmp_path / "drop"
    elsewhere.mkdir()
    drop_folder.mkdir()
    (drop_folder / "out").symlink_to(elsewhere)
    with pytest.raises(SourceDown):
        Folder("shops_drop", drop_folder).put("out", "receipt.json", io.BytesIO(b"x"))
    (drop_folder / "out").unlink()
    (drop_folder / "out").mkdir()
    target = elsewhere / "kept"
    target.write_text("kept")
    for name in ("receipt.json", ".receipt.json.part"):
        (drop_folder / "out" / name).symlink_to(target)
    Folder("shops_drop", drop_folder).put("out", "receipt.json", io.BytesIO(b"x"))
    assert target.read_text() == "kept"
    assert not (drop_folder / "out" / "receipt.json").is_symlink()


def test_files_to_be_tried_are_seen_and_never_taken(tmp_path: Path) -> None:
    drop(tmp_path, "shops_1.csv.dry", ROW)
    drop(tmp_path, "stalls_1.csv.dry")
    with pytest.raises(NoDelivery):
        next_drop(tmp_path)
    (first,) = trials(SHOPS, {"shops_drop": str(tmp_path)})
    seen = arrived(SHOPS, {"shops_drop": str(tmp_path)})
    assert (first.name, len(rows_of(first.delivery))) == ("shops_1.csv.dry", 1)
    drop(tmp_path, "shops_1.csv.dry", ROW + "\n" + ROW, at=2)
    (again,) = trials(SHOPS, {"shops_drop": str(tmp_path)})
    later = arrived(SHOPS, {"shops_drop": str(tmp_path)})
    assert again.identity != first.identity
    assert seen is not None
    assert later is not None
    assert seen.digest != later.digest
