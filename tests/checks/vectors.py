"""The published suite, made anew, must not differ from what is stored; `python -m tests.vectors.suite` writes it."""

import sys

from tests.vectors.suite import differences, made_anew


def main() -> int:
    """1 where a file differs; each is named."""
    changed = differences()
    for path in changed:
        print("differs:", path)
    print(f"vectors: {len(made_anew())} files made anew, {len(changed)} differ")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
