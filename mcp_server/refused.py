"""Refusals of a tool, as a sentence for the assistant."""

from typing import Final

#: Status of the API's answer about something that is not there.
NOT_FOUND: Final = 404


class RefusedError(Exception):
    """The tool can't answer; the text says why, and what to do instead. `status` is that of the API's answer."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
