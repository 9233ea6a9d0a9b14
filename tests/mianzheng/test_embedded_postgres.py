"""The embedded server: passwords count, no other folder's mode changes, a server left behind is taken over."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mianzheng.embedded_postgres import Cluster, closed_to
from mianzheng.errors import FolderClosedError
from tests.conftest import PASSWORD, short_lived_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    place = short_lived_folder()
    yield place
    shutil.rmtree(place)


@pytest.fixture
def fresh(folder: Path, cluster: Cluster) -> Iterator[Cluster]:
    server = Cluster(folder / "postgres", binaries=cluster.folder / "binaries")
    yield server
    server.stop()


def modes(folder: Path) -> dict[Path, int]:
    return {place: stat.S_IMODE(place.stat().st_mode) for place in [folder, *folder.parents]}


def test_no_other_folder_changes_its_mode(fresh: Cluster, folder: Path) -> None:
    before = modes(folder)
    fresh.start(PASSWORD)
    assert modes(folder) == before
    assert stat.S_IMODE(fresh.folder.stat().st_mode) == 0o700


def test_a_wrong_password_is_refused(fresh: Cluster) -> None:
    fresh.start(PASSWORD)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(fresh.url("postgres", "another word", "postgres"))


def test_the_server_is_not_root(fresh: Cluster) -> None:
    fresh.start(PASSWORD)
    pid = int((fresh.data / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0 or os.geteuid() != 0


def test_a_server_left_behind_is_taken_over(fresh: Cluster, cluster: Cluster) -> None:
    fresh.start(PASSWORD)
    second = Cluster(fresh.folder, binaries=cluster.folder / "binaries")
    second.start(PASSWORD)
    assert second.port == fresh.port


def test_a_crash_within_initdb_leaves_nothing_half_done(fresh: Cluster) -> None:
    (fresh.folder / "data.part").mkdir(parents=True)
    (fresh.folder / "data.part" / "PG_VERSION").write_text("18")
    fresh.start(PASSWORD)
    with psycopg.connect(fresh.url("postgres", PASSWORD, "postgres")) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_folder_closed_to_the_service_user_is_named(folder: Path, cluster: Cluster) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    assert closed_to("nobody", closed) == closed
    with pytest.raises(FolderClosedError) as caught:
        Cluster(closed / "postgres", binaries=cluster.folder / "binaries").start(PASSWORD)
    assert str(closed) in caught.value.zh
    assert "HUB_HOME" in caught.value.en
