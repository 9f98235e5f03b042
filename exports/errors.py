"""What can go wrong with an export."""


class ExportFailed(Exception):
    """The file can't be made; the text is a sentence that says why."""


class TooManyExports(Exception):
    """Not now: there are as many as there may be. The text is a sentence that says which limit is met."""


class CallerLeft(Exception):
    """Whoever asked no longer listens: there is nobody to make it for."""


class ServerStopped(Exception):
    """The process that made the file ended before it was whole."""

    def __str__(self) -> str:
        return "The server was restarted before the file was whole. Start the export again."
