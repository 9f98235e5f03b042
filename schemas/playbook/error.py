"""An error that somebody wants to understand."""

from typing import Final, NamedTuple, Self

import orjson

from schemas.busy import status_of
from schemas.raw_json import RawJson

#: Characters of an answer that are looked at, where code and message say nothing.
MAX_ANSWER_CHARACTERS: Final = 20_000


class SeenError(NamedTuple):
    """One error of a result, or a group of equal ones: what is known of it."""

    integration_type: str
    affiliate: str
    code: str | None = None
    fingerprint: str | None = None
    message: str | None = None
    category: str | None = None
    status: int | None = None  # HTTP status of the answer
    answer: str | None = None  # the beginning of the answer

    def with_answer(self, response: RawJson | None) -> Self:
        """Return the error with the marketplace's answer, as the evidence has it; of a long one the beginning."""
        text = None if response is None else response.said
        if response is None or not text:
            return self
        return self._replace(status=_status(response, text), answer=text[:MAX_ANSWER_CHARACTERS])


def _status(response: RawJson, text: str) -> int | None:
    if response.text.startswith('"'):
        return status_of(text)
    if len(text) > MAX_ANSWER_CHARACTERS:
        return None
    try:
        return status_of(orjson.loads(response.text))
    except orjson.JSONDecodeError:  # too deep, or a number that is too long
        return None
