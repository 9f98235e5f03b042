"""A filter for libraries that repeat a line with each try while a server is away."""

import logging
import re
import time
from collections.abc import Callable

#: Interval at which a repeated line is let through. Lines that differ in numbers only are the same line.
REPEAT_SECONDS = 60.0
_MAX_LINES = 1000
_DIGITS = re.compile(r"\d+")


class SameLineOncePerMinute(logging.Filter):
    """Filter that lets a line of these libraries through once a minute; the next one has the number left out."""

    def __init__(self, *libraries: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._libraries = libraries
        self._clock = clock
        # Time of the last one let through, number left out since. An error is another than that of another class.
        self._lines: dict[tuple[str, str, object], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a repeated line. Adds ` (and N like it)` to one that is let through again."""
        if not record.name.startswith(self._libraries):
            return True
        error = record.exc_info[0] if record.exc_info else None
        now, key = self._clock(), (record.name, _DIGITS.sub("#", str(record.msg)), error)
        seen = self._lines.get(key)
        if seen is not None and now - seen[0] < REPEAT_SECONDS:
            seen[1] += 1
            return False
        if seen is not None and seen[1]:
            record.msg = f"{record.getMessage()} (and {seen[1]:.0f} like it)"
            record.args = None
        if len(self._lines) >= _MAX_LINES:
            self._lines.clear()
        self._lines[key] = [now, 0]
        return True


_of_kafka = SameLineOncePerMinute("aiokafka")


def quiet_kafka() -> None:
    """Let each line of aiokafka's loggers through once a minute, wherever the program sends them. Safe to repeat."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "aiokafka":
            logging.getLogger(name).addFilter(_of_kafka)
