"""`pip-audit` over the pins: a known vulnerability fails the check; what could not be audited is counted and told."""

import json
import subprocess
import sys


def main() -> int:
    """1 where a pinned package has a known vulnerability; an advisory service that is out of reach is told, no more."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    arguments = ["--format", "json", "-r", "requirements/runtime.txt"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("pip-audit: nothing could be audited:", done.stderr.strip().splitlines()[-1:])
        return 0
    vulnerable = [package for package in packages if package.get("vulns")]
    for package in vulnerable:
        print(package["name"], package["version"], ", ".join(found["id"] for found in package["vulns"]))
    skipped = sum("skip_reason" in package for package in packages)
    print(f"pip-audit: {len(packages) - skipped} packages audited, {skipped} not, {len(vulnerable)} vulnerable")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
