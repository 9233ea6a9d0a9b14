"""Log lines without values: an exception is written as its kinds and places, never with its message.

Messages of other libraries may quote what was asked ("invalid literal … '4405…'"); ours never do, but a log can't tell
them apart.

    scrub(logging.getLogger())
"""

import logging
import traceback
from types import TracebackType

SysExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class ScrubbedFormatter(logging.Formatter):
    """Formats exceptions as their chain of kinds, each with the files and lines it passed."""

    def formatException(self, ei: SysExcInfo) -> str:  # noqa: N802 - logging's own name
        """Kinds and places only."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            lines.append(type(error).__name__)
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


def scrub(logger: logging.Logger) -> None:
    """Write this logger's lines, from INFO on, to standard error, scrubbed; replaces the handlers it has."""
    handler = logging.StreamHandler()
    handler.setFormatter(ScrubbedFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)


def leave_out_what_no_line_says() -> None:
    """Look up neither thread, process nor place of a line that is logged, in this whole process.

    Lines name none of them; finding them cost a third of what a line costs, and there is a line for each request
    (Python's logging how-to, "Optimization").
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - as that how-to says
