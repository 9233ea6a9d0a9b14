"""A mirrored ledger in a folder (C2SP tlog-tiles), replayed against its checkpoint; whatever was touched is named.

Every file below ``tile/`` is looked at: those that the checkpoint's tree is made of are replayed, partial tiles of
earlier sizes must be beginnings of what is there now, and a file that no log has is told too.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_folder(Path("/nowhere"), Given({"keys": []})).usable
    False
"""

from collections.abc import Iterator
from pathlib import Path

from certificates import tile_replay
from certificates.checkpoints import BadCheckpoint, Checkpoint
from certificates.errors import CertificatesError
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.heads import checkpoint_keys, look_at_head, open_head
from certificates.evidence.ledgers import checkpoint_members, note_failed, note_holds
from certificates.evidence.reading import read_text
from certificates.tile_replay import ReplayFault
from certificates.tiles import ENTRIES, Tile, bundles_of, parse_path, tiles_of

MOST_TOLD = 50
"""Faults that are told one by one."""

BEYOND = "beyond"


class BrokenLog(CertificatesError):
    """Raised when files of a mirrored ledger do not fit together or to its checkpoint.

    Attributes:
        reason: A code for counting and for tests.
        indices: Of the first entries that are concerned, in order.
    """

    def __init__(self, reason: str, indices: tuple[int, ...]) -> None:
        self.reason = reason
        self.indices = indices
        first = ", ".join(map(str, indices[:5]))
        super().__init__(
            f"日志文件与检查点不符，涉及第 {first} 条起的存证。请重新下载；若仍不符，请保留现状并通知监管部门。",
            f"Files of the ledger do not fit its checkpoint, from entry {first} on. Fetch them again; if it stays so, "
            "keep them as they are and tell the supervising office.",
        )


def examine_folder(folder: Path, given: Given) -> Report:
    """Replay a mirrored ledger: ``checkpoint`` and ``tile/`` in one folder.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found, keys = Findings("log-fsck"), checkpoint_keys(given.jwks)
    try:
        note = read_text(folder / "checkpoint")
        head = open_head(note, keys)
    except BadCheckpoint as error:
        note_failed(found, error)
        return found.refused(error)
    except CertificatesError as error:
        return Report("log-fsck", refusal=error, usable=False)
    note_holds(found, head)
    _, refusal = look_at_head(found, note, None, given)
    if refusal is not None:
        return found.refused(refusal)
    return _replayed(found, folder, head)


def _replayed(found: Findings, folder: Path, head: Checkpoint) -> Report:
    kept = (folder / "tile" / "entries").is_dir()
    faults = tile_replay.replay(head.size, head.root, tile_replay.folder(folder), entries=kept)
    others = set(_others(folder, head))
    if any(fault.what == BEYOND for fault in others):
        found.left_open(
            "beyond",
            "文件夹中有检查点之后的文件，未核对。",
            "The folder holds files past its checkpoint; they were not checked.",
        )
    faults = sorted({*faults, *(fault for fault in others if fault.what != BEYOND)})
    for fault in faults[:MOST_TOLD]:
        zh, en = f"第 {fault.index} 条起：{fault.path} 不符。", f"From entry {fault.index}: {fault.path} does not fit."
        found.failed("replay", Part.INTEGRITY, zh, en, fault.what)
    if faults:
        return found.refused(BrokenLog("replay", tuple(fault.index for fault in faults)))
    zh, en = f"已重算全部 {head.size} 条。", f"All {head.size} entries were replayed."
    found.passed("replay", Part.INTEGRITY, zh, en)
    if not kept:
        found.left_open("entries", "文件夹中没有存证条目。", "The folder holds no entries, only their hashes.")
    return found.report(checkpoint_members(head), checkpoint=head)


def _others(folder: Path, head: Checkpoint) -> Iterator[ReplayFault]:
    """Files that the replay did not ask for: earlier partial tiles, later ones, and what does not belong there."""
    replayed = {str(tile) for tile in (*tiles_of(head.size), *bundles_of(head.size))}
    for file in sorted((folder / "tile").rglob("*")):
        path = file.relative_to(folder).as_posix()
        if path in replayed or file.is_dir():
            continue
        tile = parse_path(path)
        if tile is None:
            yield ReplayFault(0, path, "stray")
        elif not tile.within(head.size):
            yield ReplayFault(tile.start, path, BEYOND)
        elif not _begins(folder, head.size, tile, tile_replay.folder(folder)(path) or b""):
            yield ReplayFault(tile.start, path, "partial")


def _begins(folder: Path, size: int, tile: Tile, content: bytes) -> bool:
    """Whether a partial tile is the beginning of the one that was replayed."""
    count = size >> (8 * max(tile.level, 0))
    whole = Tile(tile.level, tile.index, min(256, count - tile.index * 256))
    known = tile_replay.folder(folder)(str(whole)) or b""
    complete = tile.level == ENTRIES or len(content) == tile.width * 32
    return bool(content) and complete and known.startswith(content) and len(content) < len(known)
