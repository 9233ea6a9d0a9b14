"""Errors of the composition root: what can go wrong before any room is at work."""


class MianzhengError(Exception):
    """The hub can't be set up or started; says the cause and the next step in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        """Keep both languages; `str()` gives them one under the other."""
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


class PostgresFailedError(MianzhengError):
    """The embedded PostgreSQL could not be initialised, started or stopped."""


class FolderClosedError(MianzhengError):
    """The database's service user can't walk down to the hub's folder."""


class StartFailedError(MianzhengError):
    """A part of the hub ended or stayed silent while the supervisor waited for it."""


class BenchmarkSpoiltError(MianzhengError):
    """A batch of the benchmark did not come through, so that its time says nothing."""

    def __init__(self, dataset: str, state: str) -> None:
        """`state` is what became of the dataset's delivery."""
        super().__init__(
            f"测速批次 {dataset} 的结果是 {state},不是 done,用时不算数。请先运行 mianzheng contract check 与测试",
            f"the benchmark's batch of {dataset} ended as {state}, not done, so that its time says nothing; "
            "run the tests first",
        )
