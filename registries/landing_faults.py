"""What can go wrong with landed files: the folder, the files themselves, an upload that is too large.

>>> UploadTooLarge(50 << 20).en
'the upload is larger than 50 MB; deliver it through the drop folder or a database instead'
"""

from registries.errors import RegistriesError


class LandingFailed(RegistriesError):
    """Raised when something can't be written to the landing folder; nothing was landed."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"无法写入落地区 ({reason}), 请检查 HUB_HOME/landed 的磁盘空间与权限, 然后重新归集",
            f"the landing folder can't be written ({reason}); check space and mode of HUB_HOME/landed, then try again",
        )


class LandedMissing(RegistriesError):
    """Raised when a batch's landed files are gone, damaged, or sealed with another key."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"落地文件 {name} 不存在、已过期或已损坏, 请从来源重新归集, 并核对 landing_key",
            f"landed file {name} is gone, expired or damaged; take it in again from its source, and check landing_key",
        )


class UploadTooLarge(RegistriesError):
    """Raised when an upload is larger than the limit; nothing of it was kept."""

    def __init__(self, limit: int) -> None:
        megabytes = limit >> 20
        super().__init__(
            f"上传文件超过 {megabytes} MB, 请改用文件投递或数据库对接",
            f"the upload is larger than {megabytes} MB; deliver it through the drop folder or a database instead",
        )
