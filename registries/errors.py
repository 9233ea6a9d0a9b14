"""Everything that can go wrong in registries/, under one root.

Each error says cause and next step in Chinese and in English, and never holds personal data: no cell of a
row, no certificate number, no name. Errors of contracts stand in `contracts.faults`, those of sources in
`connectors.faults`; all derive from `RegistriesError`.

    >>> str(HomeError("缺少 x", "x is missing"))
    '缺少 x | x is missing'
"""

from collections.abc import Mapping
from typing import ClassVar


class RegistriesError(Exception):
    """The root: raised only through its children.

    Args:
        zh: cause and next step in Chinese.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh = zh
        self.en = en

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by state: children have constructors of their own, and errors cross process borders."""
        return (_rebuilt, (type(self), self.zh, self.en, dict(self.__dict__)))


def _rebuilt(kind: type[RegistriesError], zh: str, en: str, state: dict[str, object]) -> RegistriesError:
    error = kind.__new__(kind)
    RegistriesError.__init__(error, zh, en)
    error.__dict__.update(state)
    return error


class HomeError(RegistriesError):
    """Raised when something that should be in HUB_HOME is missing or can't be read."""


class StoreError(RegistriesError):
    """Raised when PostgreSQL refuses or fails. Holds the SQLSTATE; never PostgreSQL's own DETAIL or values."""

    def __init__(self, zh: str, en: str, sqlstate: str | None = None) -> None:
        super().__init__(zh, en)
        self.sqlstate = sqlstate


class StoreDown(StoreError):
    """Raised when PostgreSQL can't be reached, or ended the connection."""


class DatasetBusy(StoreError):
    """Raised when another process is taking in the same dataset."""

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"数据资源 {dataset} 正在归集中,请等它结束后再试",
            f"dataset {dataset} is being taken in by another process; wait until it has ended, then try again",
        )
        self.dataset = dataset


class PlanRefused(StoreError):
    """Raised when a contract changes a table in a way that would lose data."""

    def __init__(self, dataset: str, column: str, why_zh: str, why_en: str) -> None:
        super().__init__(
            f"数据资源 {dataset} 的列 {column} 不能就地变更: {why_zh}。请在数据契约中以新列名发布",
            f"column {column} of dataset {dataset} can't be changed in place: {why_en}; publish it under a new name",
        )
        self.dataset = dataset
        self.column = column


class LedgerDamaged(StoreError):
    """Raised when the ledger's own numbers contradict each other, so that nothing more may be appended."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"存证日志在第 {size} 条处前后不一致,已停止追加。请运行 mianzheng ledger check",
            f"the ledger contradicts itself at size {size}; nothing more is appended; run mianzheng ledger check",
        )
        self.size = size


class LedgerSetBack(LedgerDamaged):
    """Raised when the ledger is not the one that was signed last; nothing is signed. `reason` is a key of `REASONS`."""

    REASONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "behind": (
            "存证日志比最后签发的检查点旧(可能从旧备份恢复),缺少已签发的存证",
            "the ledger is older than the checkpoint that was signed last (restored from an older backup?)",
        ),
        "forked": (
            "存证日志与已签发的检查点不一致(出现分叉)",
            "the ledger contradicts a checkpoint that was signed: it is a fork of it",
        ),
        "memory": (
            "枢纽对最后签发检查点的记录(HUB_HOME/ledger)丢失或已损坏",
            "the hub's own record of what it signed last (HUB_HOME/ledger) is gone or damaged",
        ),
        "restored": (
            "存证日志由备份恢复,备份之后签发的存证可能已丢失,尚未确认",
            "the ledger was restored from a backup: what was signed after it may be lost, and nobody said so yet",
        ),
        "witness": (
            "外部见证方持有本枢纽签发的更大检查点,本机日志被回退",
            "a witness holds a larger checkpoint that this hub signed: this ledger was set back",
        ),
    }

    def __init__(self, reason: str, size: int) -> None:
        zh, en = self.REASONS[reason]
        StoreError.__init__(
            self,
            f"{zh}(现有 {size} 条),已停止签发。请先恢复最新的数据;"
            "确实无法恢复时运行 mianzheng ledger accept-loss 并写明理由",
            f"{en} (it has {size} entries); nothing is signed. Bring the newest data back; where that is not possible, "
            "run mianzheng ledger accept-loss with a reason",
        )
        self.reason = reason
        self.size = size


class NotGranted(StoreError):
    """Raised when a question is asked under a grant that does not cover it: it ended meanwhile, or a check failed."""

    def __init__(self, positions: list[int]) -> None:
        super().__init__(
            "授权不包含所问事项,未做任何查询。请重新取得授权后再问",
            "the grant does not cover what is asked; nothing was looked up; get a grant, then ask again",
        )
        self.positions = positions


class SubjectRefused(StoreError):
    """Raised when two keys of subjects can't be joined or separated as asked; `reason` is a key of `REASONS`."""

    REASONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "keys": (
            "原号码与现号码须不同,且现号码校验正确。请核对后重新填写",
            "the keys must differ, and the present one must be a right number; compare and enter them again",
        ),
        "reason": ("须填写理由。请写明依据的材料", "a reason is needed; say what it rests on"),
        "HB011": (
            "原号码已与另一号码合并。请先拆分原有合并",
            "the former key is joined already; separate that join first",
        ),
        "HB012": ("两个号码已是同一主体,方向相反。请核对先后", "they are joined the other way round; compare them"),
        "HB013": (
            "同一主体最多四个号码。请先核对已有的合并",
            "a subject has at most four keys; look at its joins first",
        ),
        "HB014": ("没有这条合并建议,可能已处理。请刷新列表", "there is no such proposal any more; reload the list"),
        "HB015": ("没有这条有效的合并,可能已拆分。请刷新列表", "there is no such join in force; reload the list"),
    }

    def __init__(self, reason: str) -> None:
        super().__init__(*self.REASONS[reason])
        self.reason = reason
