"""Held batches on the command line: listed, released, returned, and what can't be done is said."""

import json
from typing import Any

from typer.testing import CliRunner

from mianzheng.cli import app
from tests.conftest import Hub
from tests.quality.conftest import NUMBERS, RESIDENTS, Delivery, asked, opened, resident

RUNNER = CliRunner()


def run(hub: Hub, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    done = RUNNER.invoke(app, ["batch", *words, "--json"], env={"HUB_HOME": str(hub.home.path)})
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.output


def test_it_is_listed_released_or_returned_and_refused_with_a_reason(hub: Hub) -> None:
    good = [resident(number) for number in NUMBERS]
    for name, rows in (("first", good), ("second", good[:2]), ("third", good[2:])):
        delivery = Delivery(hub.catalogue.dataset(RESIDENTS), rows, name)
        opened(hub).take_in(RESIDENTS, connector=delivery)
    assert [(one["batch"], one["standing"], one["held"]) for one in run(hub, "held")] == [
        (3, "waiting", 2),
        (2, "waiting", 2),
    ]
    run(hub, "release", "3", "--reason", "because", code=2)
    run(hub, "release", "1", "--reason", "urgent", code=2)
    released = run(hub, "release", "3", "--reason", "planned_change", "--note", "机构合并")
    assert (released["state"], released["outcome"]["batch"]) == ("done", 4)
    run(hub, "release", "3", "--reason", "planned_change", code=2)
    overtaken = run(hub, "release", "2", "--reason", "urgent", code=1)
    assert overtaken["state"] == "refused"
    assert run(hub, "return", "2", "--reason", "wrong_file")["state"] == "done"
    assert [one["standing"] for one in run(hub, "held", "--department", "public_security")] == ["released", "returned"]
    assert run(hub, "held", "--department", "tax") == []
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(2,)]
