"""What can go wrong while a sample city is built: one root, messages in both languages, no row's content inside."""


class CityError(Exception):
    """Root of everything the sample city raises; `zh` and `en` say the cause and the next step."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


class BadSizeError(CityError):
    """Raised when a city is asked for with too few or too many people."""

    def __init__(self, people: int, fewest: int, most: int) -> None:
        super().__init__(
            f"人口 {people} 不在 {fewest} 至 {most} 之间，请换一个数。",
            f"{people} people is outside {fewest} to {most}; choose a number between them.",
        )


class NoCityError(CityError):
    """Raised when a day is to pass in a folder where no city has been built."""

    def __init__(self) -> None:
        super().__init__(
            "此文件夹中还没有样例城市，请先运行 python -m sample_city build。",
            "There is no sample city in this folder yet; run python -m sample_city build first.",
        )


class YearOverError(CityError):
    """Raised when a month is to pass in a scripted year whose months are over."""

    def __init__(self, months: int) -> None:
        super().__init__(
            f"剧本年的 {months} 个月已全部交付，请在空文件夹中重新开始。",
            f"All {months} months of the scripted year have been delivered; begin again in an empty folder.",
        )


class ResidentsDatabaseDownError(CityError):
    """Raised when the residents' database can't be reached or refuses what the city writes."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(
            f"人口数据库无法访问或拒绝写入（SQLSTATE {sqlstate or '无'}），请检查地址与权限后重试。",
            f"The residents' database can't be reached or refuses writing (SQLSTATE {sqlstate or 'none'}); "
            "check its address and rights, then try again.",
        )


class ExchangeDatabaseDownError(CityError):
    """Raised when human resources' exchange database can't be reached or refuses what the city writes."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"人社前置库无法访问或拒绝写入（{reason}），请检查地址、口令与服务后重试。",
            f"Human resources' exchange database can't be reached or refuses writing ({reason}); "
            "check its address, password and server, then try again.",
        )


class HubDownError(CityError):
    """Raised when the hub can't be reached, or refuses what natural resources pushes; nothing of a row inside."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"推送未被枢纽接收（{reason}），稍后自动重试。",
            f"The hub did not take what was pushed ({reason}); it is tried again shortly.",
        )


class NoHubError(CityError):
    """Raised when a department that pushes is started without the hub's address."""

    def __init__(self) -> None:
        super().__init__(
            "该部门主动推送，请用 --hub 给出枢纽地址。",
            "This department pushes; give the hub's address with --hub.",
        )
