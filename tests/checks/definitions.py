"""`dagster definitions validate` on workspace.yaml, with no hub running and no setting but HUB_HOME."""

import os
import subprocess
import sys
import tempfile


def main() -> int:
    """Dagster's own exit code."""
    with tempfile.TemporaryDirectory(prefix="mianzheng-check-") as folder:
        environment = os.environ | {"HUB_HOME": folder, "DAGSTER_HOME": folder, "DAGSTER_DISABLE_TELEMETRY": "1"}
        command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
