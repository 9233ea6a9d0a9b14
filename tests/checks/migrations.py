"""`alembic check` for schema `hub`: the migrations, run on an empty real database, give just the tables in the code."""

import shutil
import sys
import tempfile
from pathlib import Path

from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import set_up_store
from registries.home import HubHome, Role
from registries.store.engine import Store
from registries.store.schema import drift

PASSWORD = "a-word-for-tests"


def main() -> int:
    """0 where nothing differs; prints each difference otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-check-"))
    folder.chmod(0o711)
    cluster = Cluster(folder / "postgres")
    try:
        cluster.start(PASSWORD)
        cluster.create_database("hub", "hub_owner", PASSWORD, PASSWORD)
        home = HubHome(folder / "home")
        home.prepare()
        set_up_store(home, cluster.url("hub_owner", PASSWORD, "hub"))
        with Store(home.store_url(Role.OWNER)) as owner:
            differences = drift(owner)
    finally:
        cluster.stop()
        shutil.rmtree(folder)
    for difference in differences:
        print(difference)
    print(f"migrations: {len(differences)} differences between the tables in the code and a migrated database")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
