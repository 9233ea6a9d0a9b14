"""HUB_HOME: modes, secrets that two processes agree on, and errors that help."""

import multiprocessing
import pickle
import stat
from pathlib import Path

import pytest

from registries.errors import DatasetBusy, HomeError, RegistriesError
from registries.home import HubHome, Role


@pytest.fixture
def home(tmp_path: Path) -> HubHome:
    made = HubHome(tmp_path / "hub")
    made.prepare()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_have_their_modes_and_nothing_above_changes(tmp_path: Path) -> None:
    before = mode(tmp_path)
    home = HubHome(tmp_path / "hub")
    home.prepare()
    home.prepare()
    assert mode(tmp_path) == before
    assert mode(home.path) == 0o711
    assert {mode(folder) for folder in (home.landed, home.spill, home.out, home.keys, home.dagster)} == {0o700}


def test_a_secret_is_private_and_replaced_whole(home: HubHome) -> None:
    home.keep_secret("landing_key", "one")
    home.keep_secret("landing_key", "two")
    assert home.secret("landing_key") == "two"
    assert mode(home.path / "secrets" / "landing_key") == 0o600
    assert [path.name for path in (home.path / "secrets").iterdir()] == ["landing_key"]


def test_secret_or_new_makes_one_once(home: HubHome) -> None:
    assert home.secret_or_new("key_passphrase") == home.secret_or_new("key_passphrase")
    assert len(home.secret("key_passphrase")) >= 43


def _ask(path: Path) -> str:
    return HubHome(path).secret_or_new("contested")


def test_two_processes_agree_on_a_new_secret(home: HubHome) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert len(set(pool.map(_ask, [home.path] * 8))) == 1


def test_store_urls_are_kept_per_role(home: HubHome) -> None:
    home.keep_store_url(Role.API, "postgresql+psycopg://hub_api:x@127.0.0.1/hub")
    assert home.store_url(Role.API).startswith("postgresql+psycopg://hub_api")
    with pytest.raises(HomeError, match="store_hub_load"):
        home.store_url(Role.LOAD)


@pytest.mark.parametrize("name", ["../keys/x", "a/b", "", ".hidden", "A" * 3])
def test_a_secret_never_leaves_its_folder(home: HubHome, name: str) -> None:
    with pytest.raises(HomeError):
        home.keep_secret(name, "x")


def test_sources_default_to_none_and_must_be_an_object_of_strings(home: HubHome) -> None:
    assert home.sources() == {}
    (home.path / "sources.json").write_text('{"residents_database": "postgresql://x"}', "utf-8")
    assert home.sources() == {"residents_database": "postgresql://x"}
    for wrong in ("[1]", "{", '{"a": 1}'):
        (home.path / "sources.json").write_text(wrong, "utf-8")
        with pytest.raises(HomeError):
            home.sources()


def test_errors_survive_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(DatasetBusy("public_security.residents")))  # noqa: S301 - our own bytes
    assert isinstance(error, DatasetBusy)
    assert isinstance(error, RegistriesError)
    assert error.dataset == "public_security.residents"


def test_a_sources_secret_is_there_or_none_and_a_line_end_is_not_part_of_it(home: HubHome) -> None:
    assert home.source_secret("health_sftp", "password") is None
    (home.path / "secrets" / "source_health_sftp.password").write_text("sesame\r\n", "utf-8")
    assert home.source_secret("health_sftp", "password") == "sesame"
    assert home.secret_or_none("source_health_sftp.password") == "sesame"
    with pytest.raises(HomeError):
        home.source_secret("../keys", "x")


def test_a_sources_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    home = HubHome(tmp_path, {"HUB_SOURCE_HEALTH_SFTP_HOST_KEY": "from the environment", "HUB_KEY_PASSPHRASE": "no"})
    home.prepare()
    home.keep_secret("source_health_sftp.host_key", "from a file")
    home.keep_secret("source_health_sftp.key", "from a file\n")
    assert home.source_secret("health_sftp", "host_key") == "from the environment"
    assert home.source_secret("health_sftp", "key") == "from a file"
    assert home.source_secret("health_sftp", "password") is None
    assert "from the environment" not in repr(home)
