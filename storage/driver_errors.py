"""Errors of the driver in words that may be logged: without the values that PostgreSQL or the driver repeats."""

import re
from traceback import TracebackException
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

#: Class of data exceptions: what PostgreSQL quotes in one is a value, in any other the name of a table or constraint.
_OF_DATA = "22"
_QUOTED = re.compile(r'".*"', re.DOTALL)
#: Words of the driver for a value that it can't send, which follows.
_ARGUMENT = re.compile(r"(invalid input for query argument [^:]*):.*", re.DOTALL)


def words_of(exc: BaseException) -> str | None:
    """Return what an error of PostgreSQL says, without DETAIL and values; None for any other error."""
    if not type(exc).__module__.startswith("asyncpg.") or not hasattr(exc, "sqlstate"):
        return None
    code = exc.sqlstate or "?"
    said = _ARGUMENT.sub(r"\1", str(exc.args[0] if exc.args else ""))
    return f"{code}: " + (_QUOTED.sub('"…"', said) if code.startswith(_OF_DATA) else said)


def traceback_of(exc_info: ExcInfo) -> str:
    """Return a traceback with these words for each such error in it, also for those that led to another.

    What led to such an error is named by its class alone: the driver's own words there have the value too.
    """
    found = TracebackException(*exc_info, compact=True)
    waiting: list[tuple[TracebackException | None, BaseException | None, bool]] = [(found, exc_info[1], False)]
    while waiting:
        shown, exc, led_to_one = waiting.pop()
        if shown is None or exc is None:
            continue
        words = words_of(exc)
        if words is not None or led_to_one:
            shown._str = words or "…"  # type: ignore[attr-defined]
        led_to_one = led_to_one or words is not None
        waiting += [(shown.__cause__, exc.__cause__, led_to_one), (shown.__context__, exc.__context__, led_to_one)]
        if isinstance(exc, BaseExceptionGroup):
            waiting += (
                (each, one, led_to_one) for each, one in zip(shown.exceptions or (), exc.exceptions, strict=False)
            )
    return "".join(found.format()).removesuffix("\n")
