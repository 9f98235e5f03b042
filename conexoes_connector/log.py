"""Lines of the SDK's log, by the standard library: whoever uses the SDK decides where they go."""

import logging
from typing import Any


class Log:
    """A logger whose lines are an event and its fields, e.g. `waiting: work=emit failures=3`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: Any) -> None:
        self._logger.info(_line(event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        self._logger.warning(_line(event, fields))

    def error(self, event: str, *, exc_info: BaseException | None = None, **fields: Any) -> None:
        self._logger.error(_line(event, fields), exc_info=exc_info)


def _line(event: str, fields: dict[str, Any]) -> str:
    return f"{event}: {' '.join(f'{name}={value}' for name, value in fields.items())}" if fields else event
