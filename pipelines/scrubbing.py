r"""What may be said about a failed intake in a place that keeps everything: Dagster's event log.

Dagster stores an error's text, its causes and its stack for good. The rooms' own errors are written to hold no
personal data, but a database driver's text may quote a row, and any exception may quote a value. So:

- of a room's error only the two sentences `zh` and `en` are kept, without PostgreSQL's lines about values and
  without anything that has the form of a citizen number, a social credit code or a certificate number;
- of any other exception only its type and the place in the hub's own code are kept, never its text;
- the failure is raised outside the handler, so that it carries neither cause nor context.

    >>> scrub("重复 110101199003070011\nDETAIL: Key (name)=(张三) already exists.")
    '重复 ***'
"""

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dagster as dg

from certificates.errors import CertificatesError
from pipelines.errors import PipelinesError
from quality.errors import QualityError
from registries.errors import DatasetBusy, RegistriesError, StoreDown

Result = TypeVar("Result")

ROOM_ERRORS = (CertificatesError, RegistriesError, QualityError, PipelinesError)
PASSING = {DatasetBusy: 5, StoreDown: 2}
"""Failures that end by themselves, and how often to try again. Not a Dagster RetryPolicy: with one, Dagster answers
Ctrl-C with another attempt."""
FIRST_WAIT_SECONDS = 2.0
"""Before the second attempt; doubled before each further one."""

_HOUSE = Path(__file__).parents[1]
_ROOMS = frozenset({"certificates", "registries", "quality", "pipelines"})
_DRIVER_LINES = re.compile(r"\s*(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LINE \d+|\[SQL|\[parameters)\b.*", re.DOTALL)
_CODE = re.compile(r"(?=[0-9A-Za-z]{9})[0-9A-Za-z]*[0-9]{5}[0-9A-Za-z]*")
"""Nine or more letters and digits with five digits in a row: numbers of people, companies, certificates and
telephones, but not row numbers and counts, which a clerk needs."""


def scrub(text: str) -> str:
    """`text` without a driver's lines about values, and with `***` for whatever may be somebody's number."""
    return _CODE.sub("***", _DRIVER_LINES.sub("", text))


def without_values(dataset: str, attempt: int, work: Callable[[], Result]) -> Result:
    """What `work` returns; `attempt` counts from 0.

    Any exception becomes a `dagster.Failure` that quotes no data, or a `dagster.RetryRequested` caused by such a
    failure if it passes by itself.
    """
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the last place before a log that would keep the text of ANY exception
        failure = as_failure(dataset, error)
        retries = next((often for kind, often in PASSING.items() if isinstance(error, kind)), 0)
    except BaseException as stop:
        stop.__context__ = stop.__cause__ = None  # an interrupt may have come while a driver's error was at hand
        raise
    # raised here and not in the handler: Dagster would otherwise keep the original as the failure's context
    if retries:
        raise dg.RetryRequested(max_retries=retries, seconds_to_wait=FIRST_WAIT_SECONDS * 2**attempt) from failure
    raise failure


def as_failure(dataset: str, error: Exception) -> dg.Failure:
    """The failure to show for `error`."""
    zh, en = told_of(error)
    return dg.Failure(f"{zh}\n{en}", {"dataset": dataset, "zh": zh, "en": en})


def told_of(error: Exception) -> tuple[str, str]:
    """What may be told of `error`, in Chinese and in English."""
    if isinstance(error, ROOM_ERRORS):
        return scrub(error.zh), scrub(error.en)
    kind, place = type(error).__name__, _place(error)
    return (
        f"归集程序内部出错({kind}, {place})。未完成的批次会在下次归集时继续; 请把这一行报给运维人员",
        f"the intake itself failed ({kind} at {place}); the next one resumes the batch; report this line",
    )


def _place(error: Exception) -> str:
    """The last line of the hub's own code that the error passed, as `room/file:line`."""
    frames = ((Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__))
    ours = [(path.relative_to(_HOUSE), line) for path, line in frames if path.is_relative_to(_HOUSE)]
    inside = [f"{path}:{line}" for path, line in ours if path.parts[0] in _ROOMS]
    return inside[-1] if inside else "?"
