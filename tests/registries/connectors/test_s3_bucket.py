"""S3-compatible stores against a real server (SeaweedFS): keys, buckets, lines that are cut, objects that change."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow import fs

from registries.connectors import remote_copy
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import AddressUnusable, NoDelivery, SourceDown, SourceFault, StillBeingWritten
from registries.connectors.kinds import NOTHING_TAKEN, arrived, connector_for
from registries.connectors.place_faults import AccessRefused, NoSuchPlace, SecretMissing
from registries.connectors.s3_bucket import S3Bucket
from registries.contracts.model import Dataset
from tests.registries.connectors.cutting_proxy import CuttingProxy, free_port
from tests.registries.connectors.shops import ROW, SHOPS, csv_of, rows_of, shops_as
from tests.registries.connectors.written import written_as

WEED = Path(sys.executable).parent / "weed"
pytestmark = pytest.mark.skipif(not WEED.exists(), reason="SeaweedFS is not installed")

KEYS = {"access_key": "department", "secret_key": "a-word-for-tests"}
STARTS_WITHIN = 60
LARGE = csv_of([f"91110000600037341L,示例店{number},440507,1,2020-01-01," for number in range(120_000)], "gb18030")


@dataclass(frozen=True)
class Server:
    """A running server with one bucket."""

    port: int
    store: fs.S3FileSystem

    def put(self, name: str, data: bytes) -> None:
        with self.store.open_output_stream(f"drop/outgoing/{name}") as sink:
            sink.write(data)

    def address(self, port: int | None = None, folder: str = "drop/outgoing") -> str:
        return f"s3://{folder}?endpoint=http://127.0.0.1:{port or self.port}"

    def next(self, dataset: Dataset = SHOPS, port: int | None = None) -> DeliveredFile:
        found = connector_for(dataset, {"shops_drop": self.address(port)}, secrets(), NOTHING_TAKEN)
        assert isinstance(found, DeliveredFile)
        return found

    def fault(self, address: str | None = None, **others: str | None) -> SourceFault:
        with pytest.raises(SourceFault) as caught:
            connector_for(SHOPS, {"shops_drop": address or self.address()}, secrets(**others))
        assert caught.value.__cause__ is None
        assert KEYS["secret_key"] not in str(caught.value)
        return caught.value


def secrets(**others: str | None) -> Callable[[str], str | None]:
    known: dict[str, str | None] = {**KEYS, **others}
    return lambda name: known.get(name.removeprefix("source_shops_drop."))


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-s3-"))
    identity = {
        "name": "department",
        "credentials": [{"accessKey": KEYS["access_key"], "secretKey": KEYS["secret_key"]}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command(folder, ports), stdout=log, stderr=log) as process,
    ):
        try:
            yield Server(ports["s3"], ready(ports["s3"]))
        finally:
            process.kill()  # it takes half a minute to end by itself
            process.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


def command(folder: Path, ports: dict[str, int]) -> list[str]:
    (folder / "data").mkdir()
    options = [f"-{name}.port={port}" for name, port in ports.items()]
    options += [f"-{name}.port.grpc={free_port()}" for name in ports]
    return [
        str(WEED),
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder / 'data'}",
        "-s3",
        "-s3.port.iceberg=0",  # otherwise on one port of its own: two servers could not run side by side
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
        "-volume.max=8",
        "-master.volumeSizeLimitMB=64",
        *options,
    ]


def ready(port: int) -> fs.S3FileSystem:
    store = fs.S3FileSystem(
        **KEYS,
        endpoint_override=f"127.0.0.1:{port}",
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
        background_writes=False,
    )
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            store.create_dir("drop")
            with store.open_output_stream("drop/ready") as sink:
                sink.write(b"x")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return store


@pytest.fixture
def server(running: Server) -> Server:
    running.store.delete_dir_contents("drop", missing_dir_ok=True)
    running.put("ready", b"x")
    return running


# --- objects


def test_a_delivery_is_read_whole_and_only_objects_directly_there_count(server: Server) -> None:
    data = csv_of([ROW] * 3, "gb18030")
    server.put("shops_1.csv", data)
    server.put("shops_2.csv.part", data)
    server.put("stalls_9.csv", data)
    server.put("shops_3.csv/below.csv", data)
    found = server.next()
    assert (found.description, found.position) == ("shops_1.csv", "1\tshops_1.csv")
    assert found.identity() == hashlib.sha256(data).hexdigest()
    assert [row["name"] for row in rows_of(found)] == ["示例店"] * 3
    with found.original() as original:
        assert original.read() == data


def test_what_has_arrived_is_seen_without_reading_it(server: Server) -> None:
    sources = {"shops_drop": server.address()}
    assert arrived(SHOPS, sources, secrets()) is None
    with pytest.raises(NoDelivery):
        server.next()
    server.put("shops_1.csv", csv_of())
    first = arrived(SHOPS, sources, secrets())
    assert first is not None
    assert abs(first.changed_at - time.time()) < 60
    server.put("shops_1.csv", LARGE)
    assert arrived(SHOPS, sources, secrets()) != first


@pytest.mark.parametrize("file_format", ["json_lines", "parquet", "xlsx"])
def test_other_formats_come_the_same_way(server: Server, file_format: str) -> None:
    server.put("shops_汕头.dat", written_as(file_format, ["a", "b"]))
    dataset = shops_as(file_format, "shops_*.dat")  # type: ignore[arg-type]  # a format
    assert [row["name"] for row in rows_of(server.next(dataset))] == ["a", "b"]


# --- lines that are cut, objects that change


def test_a_line_that_is_cut_is_taken_up_where_it_was(server: Server) -> None:
    server.put("shops_1.csv", LARGE)
    with CuttingProxy(server.port, after=1 << 20, cuts=2) as line:
        found = server.next(port=line.port)
        assert found.identity() == hashlib.sha256(LARGE).hexdigest()
        assert line.made_cuts == 2
    assert len(rows_of(found)) == 120_000


def test_an_object_that_is_replaced_after_the_first_cut_is_not_taken(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same size and, as the clock of such a store goes, the same second: only its tag tells."""
    monkeypatch.setattr("registries.connectors.s3_bucket._BLOCK", 1 << 18)
    server.put("shops_1.csv", LARGE)
    place = S3Bucket.of_address("s", server.address(), secrets())
    (entry,) = [one for one in place.entries() if one.name == "shops_1.csv"]
    blocks = place._blocks(entry, 0)
    next(blocks)
    server.put("shops_1.csv", LARGE[::-1])
    with pytest.raises(StillBeingWritten):
        list(blocks)


@pytest.mark.parametrize("change", ["grows", "vanishes"])
def test_an_object_that_changes_after_it_was_listed_is_not_taken(server: Server, change: str) -> None:
    server.put("shops_1.csv", LARGE)
    found = server.next()
    if change == "grows":
        server.put("shops_1.csv", LARGE + b"half a row")
    else:
        server.store.delete_file("drop/outgoing/shops_1.csv")
    with pytest.raises(StillBeingWritten):
        rows_of(found)


def test_a_store_that_is_down_is_a_source_that_is_down(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_copy, "_FIRST_PAUSE", 0.001)
    assert isinstance(server.fault(server.address(free_port())), SourceDown)


# --- who may


def test_wrong_keys_and_none_are_faults(server: Server) -> None:
    server.put("shops_1.csv", csv_of())
    assert isinstance(server.fault(secret_key="another"), AccessRefused)
    assert isinstance(server.fault(access_key="nobody"), AccessRefused)
    assert isinstance(server.fault(access_key=None), SecretMissing)
    assert isinstance(server.fault(secret_key=None), SecretMissing)


def test_keys_may_stand_in_the_address_and_are_never_told(server: Server) -> None:
    server.put("shops_1.csv", csv_of(encoding="gb18030"))
    address = server.address().replace("s3://", "s3://department:a-word-for-tests@")
    found = connector_for(SHOPS, {"shops_drop": address})
    assert found is not None
    assert found.description == "shops_1.csv"
    server.fault(address.replace("department", "nobody"), access_key=None, secret_key=None)


def test_a_bucket_that_is_not_there_is_named_and_an_empty_prefix_is_no_delivery(server: Server) -> None:
    fault = server.fault(server.address(folder="nosuch"))
    assert isinstance(fault, NoSuchPlace)
    assert isinstance(server.fault(server.address(folder="nosuch/x")), NoSuchPlace)
    assert isinstance(server.fault(server.address(folder="drop/none")), NoDelivery)


def test_nothing_of_the_machine_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy, nor credentials, nor another endpoint from the environment."""
    dead = f"http://127.0.0.1:{free_port()}"
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, dead)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["secret_key"])
    server.put("shops_1.csv", csv_of(encoding="gb18030"))
    assert len(rows_of(server.next())) == 1
    assert isinstance(server.fault(access_key=None), SecretMissing)


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3:///x",
        "s3://a:sesame@b/x?endpoint=ftp://h",
        "s3://b/x?endpoint=http://h/path",
        "s3://b/x?colour=sesame",
        "s3://b/x?sesame",
        "s3://b/x#sesame",
    ],
)
def test_an_address_that_is_none_is_never_repeated(address: str) -> None:
    with pytest.raises(AddressUnusable) as caught:
        connector_for(SHOPS, {"shops_drop": address}, secrets())
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "scheme"),
    [("127.0.0.1:1", "http"), ("host:1", "https"), ("http://host:1", "http"), ("https://127.0.0.1:1", "https")],
)
def test_without_a_word_it_is_tls_unless_it_is_this_machine(told: str, scheme: str) -> None:
    from registries.connectors.s3_bucket import _endpoint

    assert _endpoint(told)["scheme"] == scheme


def test_a_reply_is_an_object_below_and_is_removed(server: Server) -> None:
    place = S3Bucket.of_address("shops_drop", server.address(), secrets())
    place.put("out", "shops_1.csv.receipt.json", io.BytesIO(b"first"))
    place.put("out", "shops_1.csv.receipt.json", io.BytesIO(b"second"))
    with server.store.open_input_file("drop/outgoing/out/shops_1.csv.receipt.json") as file:
        assert file.read() == b"second"
    assert "shops_1.csv.receipt.json" not in [entry.name for entry in place.entries()]
    place.remove("out", "shops_1.csv.receipt.json")
    place.remove("out", "shops_1.csv.receipt.json")
    assert server.store.get_file_info("drop/outgoing/out/shops_1.csv.receipt.json").type == fs.FileType.NotFound
