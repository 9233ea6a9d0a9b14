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


class ResidentsDatabaseDownError(CityError):
    """Raised when the residents' database can't be reached or refuses what the city writes."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(
            f"人口数据库无法访问或拒绝写入（SQLSTATE {sqlstate or '无'}），请检查地址与权限后重试。",
            f"The residents' database can't be reached or refuses writing (SQLSTATE {sqlstate or 'none'}); "
            "check its address and rights, then try again.",
        )
