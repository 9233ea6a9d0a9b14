"""SFTP against the real OpenSSH server: who it is, who we are, and files that arrive whole or not at all."""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko
import pytest

from registries.connectors import remote_copy, sftp_folder
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import AddressUnusable, NoDelivery, SourceDown, SourceFault, StillBeingWritten
from registries.connectors.file_faults import ManifestDisagrees, NotAFileName
from registries.connectors.kinds import NOTHING_TAKEN, arrived, connector_for
from registries.connectors.place_faults import (
    AccessRefused,
    NoSuchPlace,
    OtherHostKey,
    SecretMissing,
    SecretUnusable,
    UnknownHost,
)
from registries.connectors.sftp_folder import SftpFolder
from registries.contracts.model import Dataset
from tests.registries.connectors.cutting_proxy import CuttingProxy, free_port
from tests.registries.connectors.shops import ROW, SHOPS, csv_of, rows_of, shops_as

SSHD = Path("/usr/sbin/sshd")
pytestmark = pytest.mark.skipif(not SSHD.exists(), reason="OpenSSH's server is not installed")

USER = "nobody" if os.geteuid() == 0 else os.environ.get("USER", "")
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxAuthTries 3
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    folder: Path
    drop: Path
    key: str
    host_key: str

    def secrets(self, **others: str | None) -> Callable[[str], str | None]:
        """What the hub's secrets say, with some of them changed."""
        known: dict[str, str | None] = {"key": self.key, "host_key": self.host_key, **others}
        return lambda name: known.get(name.removeprefix("source_shops_drop."))

    def address(self, port: int | None = None, folder: Path | None = None, user: str = USER) -> str:
        return f"sftp://{user}@127.0.0.1:{port or self.port}{folder or self.drop}"

    def next(self, dataset: Dataset = SHOPS, port: int | None = None, **others: str | None) -> DeliveredFile:
        sources = {"shops_drop": self.address(port)}
        found = connector_for(dataset, sources, self.secrets(**others), NOTHING_TAKEN)
        assert isinstance(found, DeliveredFile)
        return found

    def fault(self, address: str | None = None, **others: str | None) -> SourceFault:
        with pytest.raises(SourceFault) as caught:
            connector_for(SHOPS, {"shops_drop": address or self.address()}, self.secrets(**others))
        assert caught.value.__cause__ is None
        return caught.value


def generated(path: Path, kind: str) -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-sftp-"))
    port = free_port()
    own = {"user": USER} if os.geteuid() == 0 else {}
    host, other, user = (generated(folder / f"{name}", kind) for name, kind in KEYS)
    shutil.copy(user.with_suffix(".pub"), folder / "authorized")
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    if own:  # the server may not be root: it would want a folder of the system
        for path in (folder, host, other, folder / "authorized"):
            shutil.chown(path, USER)
    command = [str(SSHD), "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, **own) as process:  # type: ignore[call-overload]  # a user's name
        try:
            wait_for(port)
            host_key = host.with_suffix(".pub").read_text()
            yield Server(port, folder, folder / "drop", user.read_text(), host_key)
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(folder)


KEYS = [("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("user", "ed25519")]


def wait_for(port: int) -> None:
    import socket

    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("sshd does not start")


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    running.drop.mkdir()
    running.drop.chmod(0o755)
    yield running
    shutil.rmtree(running.drop)


def drop(server: Server, name: str, data: bytes | None = None) -> Path:
    path = server.drop / name
    path.write_bytes(csv_of(encoding="gb18030") if data is None else data)
    return path


LARGE = csv_of([f"91110000600037341L,示例店{number},440507,1,2020-01-01," for number in range(120_000)], "gb18030")


# --- files


def test_a_delivery_is_read_whole_and_only_plain_files_count(server: Server) -> None:
    path = drop(server, "shops_1.csv", csv_of([ROW] * 3, "gb18030"))
    drop(server, "shops_2.csv.part")
    drop(server, "stalls_9.csv")
    (server.drop / "shops_3.csv").mkdir()
    (server.drop / "shops_4.csv").symlink_to("/etc/passwd")
    os.mkfifo(server.drop / "shops_5.csv")
    found = server.next()
    assert (found.description, found.position) == ("shops_1.csv", "1\tshops_1.csv")
    assert found.identity() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [row["name"] for row in rows_of(found)] == ["示例店"] * 3
    with found.original() as original:
        assert original.read() == path.read_bytes()


def test_what_has_arrived_is_seen_without_reading_it(server: Server) -> None:
    sources = {"shops_drop": server.address()}
    drop(server, "shops_1.csv.part")
    assert arrived(SHOPS, sources, server.secrets()) is None
    with pytest.raises(NoDelivery):
        server.next()
    path = drop(server, "shops_1.csv")
    first = arrived(SHOPS, sources, server.secrets())
    assert first is not None
    assert first.changed_at == int(path.stat().st_mtime)
    drop(server, "shops_1.csv", LARGE)
    assert arrived(SHOPS, sources, server.secrets()) != first


@pytest.mark.parametrize("file_format", ["json_lines", "parquet", "xlsx"])
def test_other_formats_come_the_same_way(server: Server, file_format: str) -> None:
    from tests.registries.connectors.written import written_as

    drop(server, "shops_1.dat", written_as(file_format, ["a", "b"]))
    dataset = shops_as(file_format, "shops_*.dat")  # type: ignore[arg-type]  # a format
    assert [row["name"] for row in rows_of(server.next(dataset))] == ["a", "b"]


def test_names_in_chinese_and_names_that_are_no_text(server: Server) -> None:
    drop(server, "shops_汕头.csv")
    assert server.next().position == "汕头\tshops_汕头.csv"
    (Path(os.fsdecode(os.fsencode(server.drop) + b"/shops_\xc9\xc7.csv"))).write_bytes(b"")
    assert isinstance(server.fault(), NotAFileName)


def test_a_manifest_vouches_for_a_file(server: Server) -> None:
    path = drop(server, "shops_1.csv")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    drop(server, "shops_1.csv.manifest.json", f'{{"sha256": "{digest}", "rows": 1}}'.encode())
    assert len(rows_of(server.next())) == 1
    drop(server, "shops_1.csv", LARGE)
    with pytest.raises(ManifestDisagrees):
        rows_of(server.next())


# --- connections that are cut, files that grow


def test_a_connection_that_is_cut_is_taken_up_where_it_was(server: Server) -> None:
    path = drop(server, "shops_1.csv", LARGE)
    with CuttingProxy(server.port, after=1 << 20, cuts=3) as line:
        found = server.next(port=line.port)
        assert found.identity() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert line.made_cuts == 3
    assert len(rows_of(found)) == 120_000


def test_a_connection_that_is_cut_again_and_again_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_copy, "_FIRST_PAUSE", 0.001)
    drop(server, "shops_1.csv", LARGE)
    found = server.next()
    with CuttingProxy(server.port, after=100, cuts=99) as line:
        place = SftpFolder.of_address("s", server.address(line.port), server.secrets())
        entry = SftpFolder.of_address("s", server.address(), server.secrets()).entries()[0]
        with pytest.raises(SourceDown):
            place.open(entry)
        assert line.made_cuts == remote_copy.ATTEMPTS
    assert len(rows_of(found)) == 120_000


def test_a_file_that_was_replaced_while_the_line_was_cut_is_not_taken(server: Server) -> None:
    path = drop(server, "shops_1.csv", LARGE)
    line = CuttingProxy(server.port, after=1 << 20, cuts=1, at_cut=lambda: path.write_bytes(LARGE[:-9]))
    with line, pytest.raises(StillBeingWritten):
        server.next(port=line.port).identity()


@pytest.mark.parametrize("change", ["grows", "shrinks", "vanishes", "is a link"])
def test_a_file_that_changes_after_it_was_listed_is_not_taken(server: Server, change: str) -> None:
    path = drop(server, "shops_1.csv", LARGE)
    found = server.next()
    match change:
        case "grows":
            path.write_bytes(LARGE + b"half a row")
        case "shrinks":
            path.write_bytes(LARGE[:-9])
        case _:
            path.unlink()
    if change == "is a link":
        path.symlink_to("/etc/passwd")
    with pytest.raises(StillBeingWritten):
        rows_of(found)


def test_a_server_that_falls_silent_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(sftp_folder, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert isinstance(server.fault(server.address(silent.getsockname()[1])), SourceDown)
    assert isinstance(server.fault(server.address(free_port())), SourceDown)


# --- who it is, and who we are


def test_an_unknown_host_is_refused_with_its_fingerprint_and_what_to_do(server: Server) -> None:
    drop(server, "shops_1.csv")
    fault = server.fault(host_key=None)
    assert isinstance(fault, UnknownHost)
    assert "source_shops_drop.host_key" in fault.zh
    assert fault.fingerprint in fault.en
    assert len(rows_of(server.next(host_key=fault.fingerprint))) == 1


def test_a_host_key_may_be_a_scanned_line_and_of_any_kind_that_the_host_has(server: Server) -> None:
    drop(server, "shops_1.csv")
    rsa = (server.folder / "host_rsa.pub").read_text()
    for text in (f"127.0.0.1 {rsa}", f"# scanned\n[127.0.0.1]:{server.port} {server.host_key}\n", rsa):
        assert len(rows_of(server.next(host_key=text))) == 1


def test_another_host_key_is_refused_before_any_password_is_sent(server: Server) -> None:
    other = generated(server.folder / "other", "ed25519").with_suffix(".pub").read_text()
    try:
        fault = server.fault(host_key=other, key=None, password="sesame")
        assert isinstance(fault, OtherHostKey)
        assert "sesame" not in str(fault)
    finally:
        for path in server.folder.glob("other*"):
            path.unlink()


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 AAAA!", "host ssh-rsa AAAAB", "nonsense"])
def test_a_host_key_that_is_none_is_named(server: Server, text: str) -> None:
    assert isinstance(server.fault(host_key=text), SecretUnusable)


def test_a_wrong_key_a_wrong_password_and_none_are_faults(server: Server) -> None:
    wrong = io.StringIO()
    paramiko.RSAKey.generate(2048).write_private_key(wrong)
    assert isinstance(server.fault(key=wrong.getvalue()), AccessRefused)
    assert isinstance(server.fault(key=None, password="sesame"), AccessRefused)
    assert isinstance(server.fault(key="-----BEGIN nothing"), SecretUnusable)
    assert isinstance(server.fault(key=None), SecretMissing)


def test_a_password_in_the_address_is_tried_and_never_told(server: Server) -> None:
    address = server.address(user=f"{USER}:se%40same")
    fault = server.fault(address, key=None)
    assert isinstance(fault, AccessRefused)
    assert "same" not in str(fault)


def test_a_folder_that_is_not_there_and_one_that_may_not_be_read(server: Server) -> None:
    fault = server.fault(server.address(folder=server.folder / "none"))
    assert isinstance(fault, NoSuchPlace)
    assert str(server.folder) not in str(fault)
    if os.geteuid() == 0:
        closed = server.folder / "closed"
        closed.mkdir(mode=0o700)
        assert isinstance(server.fault(server.address(folder=closed)), AccessRefused)
        closed.rmdir()


@pytest.mark.parametrize(
    "address",
    ["sftp://", "sftp:///x", "sftp://host/x", "sftp://u@host:port/x", "sftp://u@host:99999/x", "sftp://u:sesame@h/x?y"],
)
def test_an_address_that_is_none_is_never_repeated(address: str) -> None:
    with pytest.raises(AddressUnusable) as caught:
        connector_for(replace(SHOPS), {"shops_drop": address})
    assert "sesame" not in str(caught.value)


def test_nothing_of_the_machines_user_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither an agent, nor keys or known hosts in the home folder: this key would be let in."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(server.key)
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {server.host_key}")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(server.fault(key=None), SecretMissing)
    assert isinstance(server.fault(host_key=None), UnknownHost)


def test_a_reply_is_written_whole_below_and_removed(server: Server) -> None:
    place = SftpFolder.of_address("shops_drop", server.address(), server.secrets())
    content = os.urandom(300_000)
    with pytest.raises(AccessRefused):
        place.put("out", "receipt.json", io.BytesIO(b"not ours to write"))
    server.drop.chmod(0o777)
    place.put("out", "汇总_1.csv.receipt.json", io.BytesIO(b"first"))
    place.put("out", "汇总_1.csv.receipt.json", io.BytesIO(content))
    assert {path.name: path.read_bytes() for path in (server.drop / "out").iterdir()} == {
        "汇总_1.csv.receipt.json": content
    }
    place.remove("out", "汇总_1.csv.receipt.json")
    place.remove("out", "汇总_1.csv.receipt.json")
    assert list((server.drop / "out").iterdir()) == []


def test_a_link_leads_no_reply_elsewhere(server: Server) -> None:
    elsewhere = server.folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    (server.drop / "out").symlink_to(elsewhere)
    elsewhere.chmod(0o777)
    place = SftpFolder.of_address("shops_drop", server.address(), server.secrets())
    with pytest.raises(NoSuchPlace):
        place.put("out", "receipt.json", io.BytesIO(b"x"))
    assert list(elsewhere.iterdir()) == []
