"""Reading dead letters again with today's rules: those of ingest, and no others."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from schemas.catalogue import CATALOGUE
from schemas.dead_letter import REDRIVE_HEADER, RedriveLink
from schemas.envelope import BATCH, STRUCTURED, Headers
from schemas.letter_account import account_of
from schemas.media_type import media_type
from schemas.reading.reader import ResultsReader
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result
from schemas.sources import Allowed, Sources
from schemas.topics import Topics


class KeptLetter(NamedTuple):
    """A dead letter as it would be published again."""

    id: str
    account: str  # whose it is; "" of a letter that is nobody's
    topic: str
    key: bytes | None
    headers: Headers
    value: bytes
    redrive_id: str = str(uuid.UUID(int=0))  # that takes it; none of one that is only read

    def to_publish(self) -> list[tuple[str, bytes]]:
        """Return the original headers, and the one that links the record with this letter and its redrive.

        A letter that was one event of a batch has that event alone as its value, so it goes as a single event. A header
        without a value becomes an empty one, as in the dead-letter topic.
        """
        single = _is_single(self.value)
        headers = [
            (name, STRUCTURED.encode() if single and name == "content-type" and _is_batch(value) else value or b"")
            for name, value in self.headers
            if name != REDRIVE_HEADER
        ]
        return [*headers, RedriveLink(self.id, self.redrive_id).to_header()]


def _is_batch(content_type: bytes | None) -> bool:
    return media_type((content_type or b"").decode("utf-8", "replace")) == BATCH


def _is_single(value: bytes) -> bool:
    return not value.lstrip().startswith(b"[")


#: Reasons against a letter of a topic that is none of `Rereading.topics`: that of commands, of a connector that was
#: removed, any.
OF_COMMANDS: Final = Reason(ReasonCode.COMMAND_NOT_REDRIVEN)
OF_NO_CONNECTOR: Final = Reason(ReasonCode.CONNECTOR_NOT_READ)
NOT_OF_RESULTS: Final = Reason(ReasonCode.NOT_A_RESULTS_TOPIC)
#: Answer of `Rereading.refusal` for a letter with an event of an account that is not its own.
OF_ANOTHER_ACCOUNT: Final = Refusal(
    DeadLetterCode.NOT_ALLOWED, Reason(ReasonCode.NOT_ALLOWED_BY_LETTER, field="data.account")
)


class _Topic(NamedTuple):
    reader: ResultsReader
    allowed: Allowed | None


class Rereading:
    """The rules by which records of the results topics are read now."""

    def __init__(self, topics: Topics, sources: Sources | None) -> None:
        self._commands = topics.commands
        self._of_connectors = tuple(f"{topics.results(each.name)}." for each in CATALOGUE)
        self._topics: Mapping[str, _Topic] = {
            topics.results(each.name, connector): _Topic(
                ResultsReader([each]), Allowed(sources, connector) if sources else None
            )
            for each in CATALOGUE
            for connector in (None, *topics.connectors)
        }

    def reason_against(self, topic: str) -> Reason | None:
        """Say why no letter of a topic is redriven; None where they are."""
        if topic in self._topics:
            return None
        if topic == self._commands:
            return OF_COMMANDS
        return OF_NO_CONNECTOR if topic.startswith(self._of_connectors) else NOT_OF_RESULTS

    def reason_against_all(self, topics: Iterable[str]) -> Reason | None:
        """Say why letters of these topics are not redriven, with advice where one does for all; None where they are."""
        found = {reason for each in topics if (reason := self.reason_against(each)) is not None}
        return NOT_OF_RESULTS if len(found) > 1 else next(iter(found), None)

    @property
    def topics(self) -> list[str]:
        """Topics whose letters can be read, and redriven."""
        return list(self._topics)

    def read(self, letter: KeptLetter, now_ns: int) -> list[Result | Refusal]:
        """Read one letter of one of `topics`: its results and refusals, at least one. `now_ns`: since 1970."""
        topic = self._topics[letter.topic]
        return [
            (topic.allowed.refusal(event) if topic.allowed and isinstance(event, Result) else None) or event
            for event in topic.reader.read(letter.to_publish(), letter.key, letter.value, now_ns)
        ]

    def refusal(self, letter: KeptLetter, now_ns: int) -> Refusal | None:
        """Say why a letter may not be published; None when it may.

        Something of it must become a result, and nothing of it may be another account's: an edited value is a person's
        word, and a person of one account may not write into another.
        A letter of a topic that is not read, as one of a connector that was removed, may not be published either.
        """
        if (reason := self.reason_against(letter.topic)) is not None:
            return Refusal(DeadLetterCode.NOT_ALLOWED, reason)
        events = self.read(letter, now_ns)
        if letter.account and any(_account_of(each, letter) not in {"", letter.account} for each in events):
            return OF_ANOTHER_ACCOUNT
        if any(isinstance(each, Result) for each in events):
            return None
        return next((each for each in events if isinstance(each, Refusal)), None)


def _account_of(event: Result | Refusal, letter: KeptLetter) -> str:
    """Return the account that would get this event of a letter, as a result or as a dead letter; "" for nobody."""
    if isinstance(event, Result):
        return event.account
    value = letter.value if event.part is None else event.part
    return account_of(letter.key, letter.to_publish(), value, in_batch=event.part is not None)
