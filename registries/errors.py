"""Everything that can go wrong in registries/, under one root.

Each error says cause and next step in Chinese and in English, and never holds personal data: no cell of a
row, no certificate number, no name. Errors of contracts stand in `contract_faults`, those of sources in
`connectors.faults`; all derive from `RegistriesError`.

    >>> str(HomeError("缺少 x", "x is missing"))
    '缺少 x | x is missing'
"""


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


class NotGranted(StoreError):
    """Raised when a question is asked under a grant that does not cover it: it ended meanwhile, or a check failed."""

    def __init__(self, positions: list[int]) -> None:
        super().__init__(
            "授权不包含所问事项,未做任何查询。请重新取得授权后再问",
            "the grant does not cover what is asked; nothing was looked up; get a grant, then ask again",
        )
        self.positions = positions
