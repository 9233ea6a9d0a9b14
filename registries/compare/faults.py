"""What can go wrong with the engine that checks and compares; never a value of a row."""

from registries.errors import RegistriesError


class EngineUnknown(RegistriesError):
    """Raised when HUB_ENGINE names no engine."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"HUB_ENGINE={name} 不是可用的引擎。请设为 duckdb 或 spark",
            f"HUB_ENGINE={name} is no engine; set it to duckdb or spark",
        )


class EngineMissing(RegistriesError):
    """Raised when Spark is wanted, and something that it needs is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"HUB_ENGINE=spark 需要 {what},本机没有。请安装 Java 17(如 apt-get install openjdk-17-jre-headless)并运行"
            " make spark(或 pip install -r requirements/spark.txt),或设 HUB_ENGINE=duckdb",
            f"HUB_ENGINE=spark needs {what}, which is not here; install Java 17 (openjdk-17-jre-headless on Debian)"
            " and run make spark (or pip install -r requirements/spark.txt), or set HUB_ENGINE=duckdb",
        )
        self.what = what


class EngineFailed(RegistriesError):
    """Raised when Spark, or foreign code in one of its workers, fails. Says what kind of failure it was, and where."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"Spark 未能完成检查或比对({kind}),本批次未做任何变更。请再试;若再次发生,请检查内存与 HUB_SPARK_MASTER,"
            "或设 HUB_ENGINE=duckdb",
            f"Spark could not check or compare ({kind}); the batch changed nothing; try again; if it happens again,"
            " look at memory and HUB_SPARK_MASTER, or set HUB_ENGINE=duckdb",
        )
        self.kind = kind
