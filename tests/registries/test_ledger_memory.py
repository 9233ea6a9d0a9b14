"""What was signed last is kept whole whatever happens, goes forwards only, and is missed when it is gone."""

import threading
from pathlib import Path

import pytest

from registries.errors import LedgerSetBack
from registries.home import HubHome
from registries.ledger_memory import LedgerMemory, Remembered


@pytest.fixture
def home(tmp_path: Path) -> HubHome:
    made = HubHome(tmp_path / "hub")
    made.prepare()
    return made


def signed(size: int, doubt: str = "") -> Remembered:
    return Remembered(size, bytes([size % 256]) * 32, f"note {size}", doubt)


def test_it_goes_forwards_only_and_outlives_a_restart(home: HubHome) -> None:
    memory = LedgerMemory.of(home)
    assert memory.recall() is None
    for size in (1, 5, 3, 7, 6):
        memory.remember(signed(size))
    assert LedgerMemory.of(home).recall() == signed(7)
    memory.accept(signed(2))
    assert memory.recall() == signed(2)


def test_a_torn_write_leaves_what_was_there_before(home: HubHome) -> None:
    memory = LedgerMemory.of(home)
    for size in (1, 2, 3):
        memory.remember(signed(size))
    file = home.path / "ledger" / "last_signed"
    whole = file.read_bytes()
    for half in (0, 1):
        torn = bytearray(whole)
        torn[half * 8192 + 40 : half * 8192 + 90] = bytes(50)
        file.write_bytes(torn)
        found = memory.recall()
        assert found in {signed(2), signed(3)}
        memory.remember(signed(9))
        assert memory.recall() == signed(9)
        file.write_bytes(whole)


def test_every_changed_byte_is_found_or_the_other_slot_stands(home: HubHome) -> None:
    memory = LedgerMemory.of(home)
    memory.remember(signed(4))
    file = home.path / "ledger" / "last_signed"
    whole = file.read_bytes()
    for place, byte in enumerate(whole):
        if byte == 0:  # padding
            continue
        for mask in (0x01, 0x80):
            changed = bytearray(whole)
            changed[place] ^= mask
            file.write_bytes(changed)
            with pytest.raises(LedgerSetBack):
                memory.recall()


def test_a_file_that_is_gone_is_missed_by_whoever_has_the_secret(home: HubHome) -> None:
    LedgerMemory.of(home).remember(signed(4))
    (home.path / "ledger" / "last_signed").unlink()
    with pytest.raises(LedgerSetBack, match="HUB_HOME/ledger"):
        LedgerMemory.of(home).recall()
    with pytest.raises(LedgerSetBack):
        LedgerMemory.of(home).remember(signed(5))


def test_a_doubt_stays_until_it_is_accepted(home: HubHome) -> None:
    memory = LedgerMemory.of(home)
    memory.remember(signed(4))
    memory.doubt("restored", signed(2))
    memory.remember(signed(6))
    assert memory.recall() == signed(6, "restored")
    memory.accept(signed(6))
    assert memory.recall() == signed(6)


def test_several_processes_share_it(home: HubHome) -> None:
    def work(first: int) -> None:
        own = LedgerMemory.of(home)
        for size in range(first, 200, 4):
            own.remember(signed(size))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert LedgerMemory.of(home).recall() == signed(199)
