"""Everything that can go wrong in pipelines/, under one root.

Each error says cause and next step in Chinese and in English. None of them ever holds a value of a row.

    >>> str(PipelinesError("缺少 x", "x is missing"))
    '缺少 x | x is missing'
"""


class PipelinesError(Exception):
    """The root: raised only through its children.

    Args:
        zh: cause and next step in Chinese.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh = zh
        self.en = en


class DagsterHomeUnusable(PipelinesError):
    """Raised when HUB_HOME/dagster can't be written."""

    def __init__(self) -> None:
        super().__init__(
            "无法写入 HUB_HOME/dagster。请检查文件夹权限与磁盘空间",
            "HUB_HOME/dagster can't be written; check its permissions and the disk's free space",
        )
