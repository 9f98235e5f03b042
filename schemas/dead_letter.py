"""A dead letter: a record, or one event of it, that is not valid for its topic."""

import uuid
from typing import Any, NamedTuple, Self

import orjson

from schemas.catalogue import LANGUAGES
from schemas.envelope import Headers
from schemas.identity import dead_letter_id
from schemas.json_document import BYTE_ORDER_MARK
from schemas.letter_account import account_of
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import MAX_AFFILIATE_CHARACTERS
from schemas.storable import storable
from schemas.topics import MAX_RECORD_BYTES

_OURS = "x-dead-letter-"
#: Header of a record that was redriven: the id of its dead letter, `/`, and that of the redrive.
REDRIVE_HEADER = "x-dead-letter-redrive"
#: Limit for key and headers of a record with a batch of events: larger ones are not kept with each dead letter.
MAX_REPEATED_BYTES = 1024


class RedriveLink(NamedTuple):
    """The dead letter that a record is of, and the redrive that published it."""

    letter_id: str
    redrive_id: str

    def to_header(self) -> tuple[str, bytes]:
        """Return the header of the published record."""
        return REDRIVE_HEADER, "/".join(self).encode()


class DeadLetter(NamedTuple):
    """A refused record or event: the original bytes, their position in Kafka, and the reason."""

    account: str  # "" when the record does not say whose it is, or may hold what is another's
    refusal: Refusal
    topic: str
    partition: int
    offset: int
    position: int  # of the event in a batch; 0 otherwise
    key: bytes | None
    headers: Headers
    value: bytes
    timestamp: int = 0  # of the record, in milliseconds
    link: RedriveLink | None = None  # of a record that was redriven, and is refused again

    @classmethod
    def of(cls, record: Any, position: int, refusal: Refusal) -> Self:
        """Make the dead letter of the event at `position` of an aiokafka record.

        A value that is larger than the topic may take (it came compressed) is cut. An event of a batch is kept as
        its own text, with the record's key and headers as long as they are small: a thousand refused events of one
        record must not store that record a thousand times.
        """
        value = (record.value or b"") if refusal.part is None else refusal.part
        key, headers = record.key, record.headers
        account = account_of(key, headers, value, in_batch=refusal.part is not None)
        if refusal.part is not None and _bytes_of(key, headers) > MAX_REPEATED_BYTES:
            key, headers = None, ()
        return cls(
            account,
            refusal,
            record.topic,
            record.partition,
            record.offset,
            position,
            key,
            headers,
            value[:MAX_RECORD_BYTES],
            record.timestamp,
            link_of(record.headers),
        )

    @property
    def id(self) -> str:
        """Id that is equal for each delivery of the record, and differs from a new topic's record at its place."""
        place = (self.topic, self.partition, self.offset, self.position)
        return dead_letter_id(*place, timestamp=self.timestamp, key=self.key, value=self.value)

    @property
    def redrive_of(self) -> str | None:
        """The dead letter of which this is a copy that was refused again."""
        return None if self.link is None else self.link.letter_id

    @property
    def affiliate(self) -> str | None:
        """The affiliate that it names, where it can be read so far."""
        return affiliate_of(self.key, self.value)

    @property
    def said(self) -> str:
        """The reason in every language, in lower case, for search."""
        return "\n".join(storable(say(self.refusal.reason, language)) for language in LANGUAGES).lower()

    def header_items(self) -> list[tuple[str, bytes]]:
        """Return the original headers (one with a name of ours is renamed), then those of the dead-letter topic."""
        added = {
            "code": self.refusal.code.value,
            "reason": say(self.refusal.reason, "en"),
            "topic": self.topic,
            "partition": str(self.partition),
            "offset": str(self.offset),
        }
        if self.refusal.part is not None:
            added["position"] = str(self.position)
        return [
            *((_renamed(name), value if value is not None else b"") for name, value in self.headers),
            *((f"{_OURS}{name}", storable(value).encode()) for name, value in added.items()),
        ]


def link_of(headers: Headers) -> RedriveLink | None:
    """Return the letter and the redrive that a record is of; None for a record that was not redriven."""
    for name, value in headers:
        if name == REDRIVE_HEADER:
            letter, _slash, redrive = (value or b"").decode("ascii", "replace").partition("/")
            try:
                return RedriveLink(str(uuid.UUID(letter)), str(uuid.UUID(redrive)))
            except ValueError:
                return None
    return None


def affiliate_of(key: bytes | None, value: bytes) -> str | None:
    """Return the affiliate that an event names, or else its record key; None when neither names one."""
    try:
        document = orjson.loads(value.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict):
        data = document.get("data")
        for claim in (data.get("affiliate") if isinstance(data, dict) else None, document.get("affiliate")):
            if isinstance(claim, str) and claim and len(claim) <= MAX_AFFILIATE_CHARACTERS:
                return storable(claim)
    parts = (key or b"").split(b"/", 2)
    if len(parts) == 3 and 0 < len(parts[1]) <= MAX_AFFILIATE_CHARACTERS:
        return storable(parts[1].decode("utf-8", "replace"))
    return None


def _bytes_of(key: bytes | None, headers: Headers) -> int:
    return len(key or b"") + sum(len(name) + len(value or b"") for name, value in headers)


def _renamed(name: str) -> str:
    return f"original-{name}" if name.startswith(_OURS) else name
