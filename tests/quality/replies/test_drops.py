"""Drop folders are answered: receipts that verify, refused rows as they came, trials that keep nothing."""

import contextlib
import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from certificates.delivery_receipts import read_delivery_receipt
from certificates.jose import VerificationError
from certificates.key_states import KeyPurpose
from certificates.sealing import sealing_key
from quality.refused_rows.csv_text import REASON_HEADERS
from quality.replies.drops import Drops
from quality.replies.writing import MOST_ATTEMPTS, Replies
from registries.connectors.faults import NoDelivery, SourceChangedShape
from registries.departments import Catalogue, load_catalogue
from registries.home import Role
from registries.hub_keys import open_keys
from registries.outgoing import Outgoing
from registries.retention import Keeper
from registries.retention_rules import RetentionRules
from registries.store import delivery_replies
from registries.store.delivery_replies import Reply
from tests.conftest import Hub
from tests.quality.market import NOW, SERVER, SHOPS, STALLS, Market, market_catalogue

GOOD = [{"code": "AB", "name": "示例店", "at": "1", "op": "U"}, {"code": "CD", "name": "乙店", "at": "2", "op": "U"}]
BAD = {"code": "EF", "name": "", "at": "3", "op": "U"}


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The market's contracts, which name a folder for answers."""
    folder = tmp_path_factory.mktemp("answering")
    market_catalogue(folder)
    contract = folder / "market" / "lists.odcs.yaml"
    told = "- {property: kind, value: files}"
    text = contract.read_text("utf-8").replace(told, f"{told}\n      - {{property: answers, value: out/}}")
    contract.write_text(text, "utf-8")
    return load_catalogue([folder])


class Clocked:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clocked:
    return Clocked()


@pytest.fixture
def market(hub: Hub, answering: Catalogue, tmp_path: Path) -> Iterator[Market]:
    made = Market(hub.home, answering, tmp_path / "drop")
    point_to(made, made.drop)
    yield made
    made.store.dispose()


def point_to(market: Market, folder: Path) -> None:
    (market.home.path / "sources.json").write_text(json.dumps({SERVER: str(folder)}))


@pytest.fixture
def drops(market: Market, clock: Clocked) -> Iterator[Drops]:
    with contextlib.closing(Drops(market.home, market.intake(), clock)) as made:
        yield made


@pytest.fixture
def replies(market: Market, clock: Clocked) -> Replies:
    return Replies(market.home, market.store, lambda: market.catalogue, clock)


def out(market: Market) -> dict[str, bytes]:
    folder = market.drop / "out"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def receipt(market: Market, name: str) -> Mapping[str, Any]:
    keys = open_keys(market.home, NOW).public_keys(KeyPurpose.MESSAGE)
    return read_delivery_receipt(out(market)[f"{name}.receipt.json"], keys)


def reply(market: Market, dataset: str = SHOPS) -> Reply:
    with market.store.begin() as conn:
        return delivery_replies.list_replies(conn, [dataset])[0]


def kept(market: Market) -> set[str]:
    return {path.name for path in market.home.out.iterdir()}


def test_a_file_comes_back_with_a_receipt_and_its_refused_rows(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    (outcome,) = drops.take_in_all(SHOPS)
    told = receipt(market, "shops_full_1.csv")
    assert (told["state"], told["batch"], told["sha256"]) == ("done", outcome.batch, outcome.landed_digest)
    assert (told["counts"]["pulled"], told["counts"]["quarantined"]) == (3, 1)
    assert [(one["rows"], one["first_rows"]) for one in told["reasons"] if one["level"] == 1] == [(1, [3])]
    with market.store.begin() as conn:
        found = sa.text(
            "SELECT index FROM hub.ledger_sequence s JOIN hub.ledger_entry e ON e.id = s.entry_id"
            " WHERE e.issuer = 'intake' AND e.jti = :jti"
        )
        assert conn.execute(found, {"jti": told["ledger"]["jti"]}).scalar_one() == told["ledger"]["index"]
    rows = list(csv.DictReader(io.StringIO(out(market)[told["refused_rows"]].decode())))
    assert [{name: row[name] for name in BAD} for row in rows] == [BAD]
    assert rows[0][REASON_HEADERS[0]] == "3"
    assert "示例店" not in json.dumps(told, ensure_ascii=False)
    assert kept(market) == set()  # what is where it belongs lies nowhere else


def test_a_receipt_that_was_changed_verifies_no_more(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    drops.take_in_all(SHOPS)
    told = json.loads(out(market)["shops_full_1.csv.receipt.json"])
    told["receipt"]["counts"]["quarantined"] = 0
    with pytest.raises(VerificationError):
        read_delivery_receipt(json.dumps(told).encode(), open_keys(market.home, NOW).public_keys(KeyPurpose.MESSAGE))


def test_a_file_that_can_t_be_read_is_answered_with_cause_and_next_step(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [{"code": "AB"}], ["code"])
    with pytest.raises(SourceChangedShape):
        drops.take_in_all(SHOPS)
    told = receipt(market, "shops_full_1.csv")
    assert (told["state"], told["counts"], told["refused_rows"]) == ("unreadable", None, None)
    assert "缺少列" in told["zh"]
    assert "columns are missing" in told["en"]
    market.put("shops_full_1", GOOD)
    drops.take_in_all(SHOPS)
    assert receipt(market, "shops_full_1.csv")["state"] == "done"


def test_a_receipt_survives_the_process_that_owed_it(market: Market, replies: Replies) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    market.intake().take_in_all(SHOPS)  # and then the process is gone
    assert out(market) == {}
    assert replies.send_owed() == 1
    first = out(market)
    assert replies.send_owed() == 0
    with market.store.begin() as conn:  # as if it had been killed before it could say that they are written
        conn.execute(sa.text("UPDATE hub.delivery_reply SET state = 'waiting'"))
    assert replies.send_owed() == 1
    again = out(market)
    assert again.keys() == first.keys()
    assert json.loads(again["shops_full_1.csv.receipt.json"])["receipt"] == receipt(market, "shops_full_1.csv")
    assert again["refused.shops_full_1.csv"] == first["refused.shops_full_1.csv"]


def test_a_place_that_is_closed_is_tried_again_later_and_loses_nothing(
    market: Market, replies: Replies, clock: Clocked
) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    market.intake().take_in_all(SHOPS)
    point_to(market, market.drop / "gone")
    assert replies.send_owed() == 0
    assert (reply(market).state, reply(market).hindrance) == ("waiting", "SourceDown")
    assert reply(market).next_at > clock.now
    assert replies.send_owed() == 0
    assert reply(market).attempts == 1  # not its time yet
    sealed = b"".join((market.home.out / name).read_bytes() for name in kept(market))
    assert sealed
    assert b"EF" not in sealed
    point_to(market, market.drop)
    clock.now += dt.timedelta(minutes=1)
    assert replies.send_owed() == 1
    assert receipt(market, "shops_full_1.csv")["state"] == "done"


def test_a_place_that_stays_closed_leaves_it_for_download(market: Market, replies: Replies, clock: Clocked) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    market.intake().take_in_all(SHOPS)
    point_to(market, market.drop / "gone")
    for _ in range(MOST_ATTEMPTS):
        clock.now += dt.timedelta(days=1)
        replies.send_owed()
    found = reply(market)
    assert found.state == "kept"
    assert found.written == ["shops_full_1.csv.receipt.json", "refused.shops_full_1.csv"]
    key = sealing_key(market.home.secret("landing_key"))
    with Outgoing(market.home.out, key).open(f"{found.id}.refused") as file:
        assert "EF" in file.read().decode()


def test_without_a_folder_for_answers_nothing_is_written_there(hub: Hub, tmp_path: Path, clock: Clocked) -> None:
    market = Market(hub.home, market_catalogue(tmp_path / "silent"), tmp_path / "drop")
    point_to(market, market.drop)
    market.put("shops_full_1", GOOD)
    with contextlib.closing(Drops(market.home, market.intake(), clock)) as drops:
        drops.take_in_all(SHOPS)
    found = reply(market)
    market.store.dispose()
    assert [path.name for path in market.drop.iterdir()] == ["shops_full_1.csv"]
    assert found.state == "kept"
    assert kept(market) == {f"{found.id}.receipt"}


def test_a_trial_keeps_nothing_and_says_everything(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    lying = market.drop / "shops_full_1.csv"
    lying.rename(market.drop / "shops_full_1.csv.dry")
    (nothing,) = drops.take_in_all(SHOPS)
    assert (nothing.state, nothing.batch) == ("nothing_new", None)
    told = receipt(market, "shops_full_1.csv.dry")
    assert (told["state"], told["batch"], told["ledger"]) == ("tried", None, None)
    assert (told["counts"]["pulled"], told["counts"]["new"], told["counts"]["quarantined"]) == (3, 2, 1)
    rows = list(csv.DictReader(io.StringIO(out(market)[told["refused_rows"]].decode())))
    assert [row["code"] for row in rows] == ["EF"]
    with market.store.begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.batch")).scalar_one() == 0
    with pytest.raises(NoDelivery):  # tried once; and nothing else has ever come
        drops.take_in_all(SHOPS)
    market.put("shops_full_1", GOOD)
    lying.rename(market.drop / "shops_full_1.csv.dry")
    drops.take_in_all(SHOPS)
    assert receipt(market, "shops_full_1.csv.dry")["counts"]["quarantined"] == 0
    assert "refused.shops_full_1.csv" not in out(market)  # of the trial before
    assert kept(market) == set()


def test_a_trial_of_what_can_t_be_read_says_why(market: Market, drops: Drops) -> None:
    market.put("stalls_full_1", [{"code": "AB"}], ["code"])
    (market.drop / "stalls_full_1.csv").rename(market.drop / "stalls_full_1.csv.dry")
    drops.take_in_all(STALLS)
    assert receipt(market, "stalls_full_1.csv.dry")["state"] == "unreadable"


def test_what_comes_back_is_no_delivery(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    drops.take_in_all(SHOPS)
    for name, content in out(market).items():
        (market.drop / name).write_bytes(content)
    (nothing,) = drops.take_in_all(SHOPS)
    assert nothing.state == "nothing_new"


def test_an_older_reply_does_not_take_the_place_of_a_newer_one(
    market: Market, replies: Replies, take: Callable[[], None]
) -> None:
    market.put("shops_full_1", [{"code": "AB"}], ["code"])
    with contextlib.suppress(SourceChangedShape):
        market.intake().take_in_all(SHOPS)
    (market.drop / "shops_full_1.csv").rename(market.drop / "shops_full_1.csv.dry")
    take()
    market.put("shops_full_1", GOOD)
    market.intake().take_in_all(SHOPS)
    replies.send_owed()
    assert receipt(market, "shops_full_1.csv")["state"] == "done"


@pytest.fixture
def take(drops: Drops) -> Callable[[], None]:
    def taken() -> None:
        with contextlib.suppress(NoDelivery):
            drops.take_in_all(SHOPS)

    return taken


def keeper(market: Market, days: int) -> Keeper:
    rules = RetentionRules.of_home(market.home.path)
    return Keeper(market.home, market.store, market.catalogue, rules, NOW + dt.timedelta(days=days))


def test_replies_go_with_what_was_landed(market: Market, drops: Drops) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    drops.take_in_all(SHOPS)
    assert not [one for one in keeper(market, 89).expire() if one.what == "replies"]
    assert len(out(market)) == 2
    assert [one.count for one in keeper(market, 91).due() if one.what == "replies"] == [1]
    assert [one.count for one in keeper(market, 91).expire() if one.what == "replies"] == [1]
    assert out(market) == {}
    assert reply(market).state == "expired"
    assert not [one for one in keeper(market, 92).expire() if one.what == "replies"]


def test_the_rows_of_who_was_erased_go_at_once(market: Market, drops: Drops, hub: Hub) -> None:
    market.put("shops_full_1", [*GOOD, BAD])
    (outcome,) = drops.take_in_all(SHOPS)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text(
                "WITH e AS (INSERT INTO hub.erasure (subject_kind, ground, reason, erased_by, erased_at, datasets,"
                " counts) VALUES ('person', 'purpose', '依法', 'x', :now, '{}', '{}') RETURNING id)"
                " INSERT INTO hub.erased_file (erasure, batch, dataset, state, rows, done_at)"
                " SELECT id, :batch, :dataset, 'done', 1, :now FROM e"
            ),
            {"now": NOW, "batch": outcome.batch, "dataset": SHOPS},
        )
    keeper(market, 1).expire()
    assert set(out(market)) == {"shops_full_1.csv.receipt.json"}
