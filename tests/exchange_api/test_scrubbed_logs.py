"""What a line of the log holds, where nothing is looked up that no line says; in a process of its own."""

import re
import subprocess
import sys

SCRIPT = """
import logging
from exchange_api.scrubbed_logs import leave_out_what_no_line_says, scrub

scrub(logging.getLogger())
leave_out_what_no_line_says()
log = logging.getLogger("mianzheng.example")
log.info("%s of %d", "one", 2)
try:
    int("44052419491231002X")
except ValueError:
    log.exception("not read")
"""


def test_lines_have_their_time_level_and_name_and_exceptions_no_values() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, timeout=60)
    first, second, *places = done.stderr.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [0-9:,]+ INFO mianzheng\.example one of 2", first)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [0-9:,]+ ERROR mianzheng\.example not read", second)
    assert places[0] == "ValueError"
    assert "44052419491231002X" not in done.stderr
