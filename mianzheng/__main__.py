"""`python -m mianzheng` is `mianzheng`."""

from mianzheng.cli import app

if __name__ == "__main__":
    app(prog_name="mianzheng")
