"""What can go wrong with an export."""

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import say


class ExportEnded(Exception):
    """There is no file. `reason` says why, to whoever asked; the text is its sentence in English."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(say(reason, "en"))
        self.reason = reason


class ExportFailed(ExportEnded):
    """The file can't be made."""


class CallerLeft(ExportEnded):
    """Whoever asked no longer listens: there is nobody to make it for."""

    def __init__(self) -> None:
        super().__init__(Reason(ReasonCode.EXPORT_CALLER_LEFT))


class ServerStopped(ExportEnded):
    """The process that made the file ended before it was whole."""

    def __init__(self) -> None:
        super().__init__(Reason(ReasonCode.EXPORT_SERVER_STOPPED))


class TooManyExports(Exception):
    """Not now: there are as many as there may be. The text is a sentence that says which limit is met."""
