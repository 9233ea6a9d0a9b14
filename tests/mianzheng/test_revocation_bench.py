"""The benchmark of revocations: that it measures pushes by real processes, and says what it found. Never how fast."""

import json

from typer.testing import CliRunner

from mianzheng.cli import app


def test_a_pushed_revocation_reaches_verdict_and_feed() -> None:
    words = ["bench", "revocation", "--certificates", "300", "--revocations", "2", "--among", "50", "--json"]
    done = CliRunner().invoke(app, words)
    found = json.loads(done.stdout)
    assert (found["certificates"], found["among"], found["limit_s"]) == (300, 50, 5.0)
    taken = [*found["seconds"], *found["seconds_among"]]
    assert [len(found[name]) for name in ("seconds", "seconds_among", "feed_seconds")] == [1, 1, 2]
    assert all(seconds > 0 for seconds in [*taken, *found["feed_seconds"]])
    assert found["max_s"] == max(taken)
    assert (done.exit_code == 0) == found["within"] == (found["max_s"] <= 5)
