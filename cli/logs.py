"""Logging of processes to standard error: one JSON object a line, control characters escaped."""

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

from storage.driver_errors import traceback_of

#: Libraries that repeat a line with each try while a server is unavailable: up to 60 lines a second, a gigabyte a day.
_REPEATING = ("aiokafka", "faust", "mode", "asyncio")
#: Interval at which a repeated line is let through. Lines that differ in numbers only are the same line.
REPEAT_SECONDS = 60.0
_MAX_LINES = 1000
_DIGITS = re.compile(r"\d+")

_OURS = (
    *("agents", "broker", "storage", "outbound", "exports", "api", "admin", "connectors", "conexoes_connector"),
    "mcp_server",
)


class SameLineOncePerMinute(logging.Filter):
    """Filter that lets a line of a repeating library through once a minute; the next one has the number left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lines: dict[tuple[str, str], list[float]] = {}  # time of the last one let through, number left out since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a repeated line. Adds ` (and N like it)` to one that is let through again."""
        if not record.name.startswith(_REPEATING):
            return True
        now, key = self._clock(), (record.name, _DIGITS.sub("#", str(record.msg)))
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


def log_as_json() -> None:
    """Log our lines from INFO on, those of libraries from WARNING on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(traceback_of),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    handler.addFilter(SameLineOncePerMinute())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("pogo_core").setLevel(logging.ERROR)  # it warns of every migration that it applies
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def leave_kafka_to_us() -> None:
    """Silence aiokafka's lines about an unavailable or refusing Kafka: the command says that in a sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
