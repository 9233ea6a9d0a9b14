"""What differs in how long data are kept: longer is at the cost of the people they are about, shorter of readers."""

from typing import Final

from registries.contract_diff.difference import STEWARDS, SUBJECTS, Difference, Differences, Party, Step, readers
from registries.contracts.model import Dataset
from registries.contracts.periods import Period

_PARTS: Final = (
    ("landed", "落地文件", "landed files"),
    ("history", "历史数据", "former rows"),
    ("bodies", "回执正文", "bodies of answers"),
)
_ERASABLE: Final = ("refused", "named", "allowed")


def retention_differences(old: Dataset, new: Dataset) -> Differences:
    """Periods that became longer or shorter, and whether a subject's rows may be erased."""
    for name, zh, en in _PARTS:
        before, after = getattr(old.retention, name), getattr(new.retention, name)
        if before != after:
            yield _period(new, before, after, zh, en)
    yield from _erasure(old, new)


def _period(new: Dataset, before: Period | None, after: Period | None, zh: str, en: str) -> Difference:
    shorter = before is not None and after is not None and after.days < before.days
    change = f"{before or '-'} → {after or '-'}"
    words = (f"{zh}的保存期改变: {change}", f"keeps {en} otherwise: {change}")
    if shorter:
        return _difference(new, "retention_shorter", "minor", (*readers(new), STEWARDS), words)
    return _difference(new, "retention_longer", "major", (SUBJECTS, STEWARDS), words)


def _erasure(old: Dataset, new: Dataset) -> Differences:
    before, after = _ERASABLE.index(old.retention.erasure), _ERASABLE.index(new.retention.erasure)
    change = f"{old.retention.erasure} → {new.retention.erasure}"
    words = (f"个人信息能否删除改变: {change}", f"can be erased otherwise: {change}")
    if after < before:
        yield _difference(new, "erasure_narrowed", "major", (SUBJECTS, STEWARDS), words)
    elif after > before:
        yield _difference(new, "erasure_widened", "minor", (STEWARDS,), words)
    elif old.retention.legal_basis != new.retention.legal_basis:
        words = ("保存依据改变", "has another legal basis to be kept")
        yield _difference(new, "retention_basis_changed", "minor", (SUBJECTS, STEWARDS), words)


def _difference(new: Dataset, what: str, step: Step, whom: tuple[Party, ...], words: tuple[str, str]) -> Difference:
    return Difference(new.name, what, step, whom, f"{new.name} ({new.title_zh}) {words[0]}", f"{new.name} {words[1]}")
