"""How Spark is set, so that nothing personal is written unsealed, told to anybody, or heard from outside.

    settings = spark_settings("local[2]", home.spill / "spark" / "4711")

On a cluster the operator's spark-defaults.conf (SPARK_CONF_DIR) adds what only it knows; what stands here wins.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from registries.errors import HomeError

_ALWAYS: Final = {
    "spark.app.name": "mianzheng",
    "spark.eventLog.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    # What is written to a disk, of shuffles and of memory that is full, is sealed with a key that only memory knows;
    # with it Python and Java hand rows to each other by a socket, not by a file.
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.executorEnv.GX_ANALYTICS_ENABLED": "false",
}
_LOCAL: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.driver.maxResultSize": "2g",
    "spark.sql.shuffle.partitions": "4",
}
_CLUSTER: Final = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
}
_CODE: Final = Path(__file__).resolve().parents[2]
"""Where the rooms are, for workers to import."""


def is_local(master: str) -> bool:
    """Whether Spark runs in this machine's own processes only."""
    return master.startswith("local")


def spark_settings(master: str, folder: Path) -> Mapping[str, str]:
    """All `spark.*` settings.

    Args:
        master: `local[2]`, or a cluster's address.
        folder: of this process, for whatever is written to a disk.

    Raises:
        HomeError: the folder's name can't be handed to Java.
    """
    if '"' in str(folder) or "," in str(folder):
        raise HomeError(
            "HUB_HOME 的路径含有引号或逗号,Spark 无法使用。请换一个文件夹",
            "the path of HUB_HOME has a quotation mark or a comma, which Spark can't take; use another folder",
        )
    mine = {
        "spark.master": master,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        # No crash reports: they show memory. No files in a folder that others may look into.
        "spark.driver.extraJavaOptions": (
            f'"-Djava.io.tmpdir={folder}" -XX:-UsePerfData -XX:+SuppressFatalErrorMessage -XX:-CreateCoredumpOnCrash'
        ),
    }
    if is_local(master):
        return _ALWAYS | _LOCAL | mine | {"spark.executorEnv.PYTHONPATH": str(_CODE)}
    return _ALWAYS | _CLUSTER | mine
