"""Logging of processes to standard error: one JSON object a line, control characters escaped."""

import logging
import sys
from typing import Any

import structlog

from broker.repeated_lines import SameLineOncePerMinute
from storage.driver_errors import traceback_of

#: Libraries that repeat a line with each try while a server is unavailable, or with each malformed request: up to 60
#: lines a second, a gigabyte a day.
REPEATING = ("aiokafka", "faust", "mode", "asyncio", "uvicorn")
_OURS = (
    *("agents", "broker", "storage", "outbound", "exports", "api", "admin", "connectors", "conexoes_connector"),
    *("mcp_server", "cli"),
)


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
    handler.addFilter(SameLineOncePerMinute(*REPEATING))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("pogo_core").setLevel(logging.ERROR)  # it warns of every migration that it applies
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def leave_kafka_to_us() -> None:
    """Silence aiokafka's lines about an unavailable or refusing Kafka: the command says that in a sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
