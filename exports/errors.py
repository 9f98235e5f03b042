"""Errors of exports."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from storage.errors import StorageError

BUG = Reason(ReasonCode.EXPORT_BUG)


class ExportEnded(Exception):
    """End of an export without a file. `reason` is for the person who asked; the text is its sentence in English."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(say(reason, "en"))
        self.reason = reason


class ExportFailed(ExportEnded):
    """The file can't be made."""


class CallerLeft(ExportEnded):
    """The caller no longer listens: there is nobody to make the file for."""

    def __init__(self) -> None:
        super().__init__(Reason(ReasonCode.EXPORT_CALLER_LEFT))


class ServerStopped(ExportEnded):
    """The process that made the file ended before it was whole."""

    def __init__(self) -> None:
        super().__init__(Reason(ReasonCode.EXPORT_SERVER_STOPPED))


class TooManyExports(ExportEnded):
    """A limit of exports or uploads at once, or of kept files, is met: try again later. `reason` names the limit."""


def why_failed(exc: BaseException) -> Reason:
    """Return the reason of an export that raised `exc`, and has failed by it."""
    match exc:
        case ExportFailed():
            return exc.reason
        case TimeoutError():
            return Reason(ReasonCode.EXPORT_TOO_LONG)
        case StorageError():
            return Reason(ReasonCode.EXPORT_NO_DATABASE)
        case OSError():
            return no_file(exc)
    return BUG


def no_file(exc: OSError) -> Reason:
    """Return the reason of a file that the system does not take, as on a full disk."""
    return Reason(ReasonCode.EXPORT_NO_FILE, detail=exc.strerror or str(exc))


@contextmanager
def on_disk() -> Iterator[None]:
    """Raise ExportFailed for an OSError of the block: where a file is written while a snapshot is read.

    An OSError in a block of the database is taken for that of its connection.
    """
    try:
        yield
    except OSError as exc:
        raise ExportFailed(no_file(exc)) from exc
