"""The one error of this package: a sentence for the person who started the program."""

from pathlib import Path

from embedded.server_log import last_words


class EmbeddedError(Exception):
    """A fault of this machine or its data directory that stops the embedded servers.

    The text says what is wrong and what to do. Show it without a traceback.
    """


def ended_at_start(server: str, log: Path) -> EmbeddedError:
    """The server process ended before it was ready; its own messages are in `log`."""
    return EmbeddedError(f"{server} ended at its start, saying «{last_words(log)}»; the end of {log} says more.")


def ended_running(server: str, code: int, log: Path) -> EmbeddedError:
    """The server process ended after it had been ready; `code` is its exit code, negative for a signal."""
    return EmbeddedError(f"{server} ended (exit code {code}); the end of {log} says why.")


def not_ready(server: str, seconds: float, log: Path) -> EmbeddedError:
    """The server process lives but did not answer within `seconds`."""
    return EmbeddedError(f"{server} was not ready after {seconds:g} seconds; the end of {log} says why.")
