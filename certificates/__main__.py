"""``python -m certificates``: offline verification, with no other room installed."""

import sys

from certificates.offline import main

if __name__ == "__main__":
    sys.exit(main())
