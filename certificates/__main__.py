"""``python -m certificates``: offline verification, with no other room installed."""

import sys
from datetime import UTC, datetime

from certificates.offline_command import main

if __name__ == "__main__":
    sys.exit(main(now=datetime.now(UTC)))
