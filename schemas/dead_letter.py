"""A dead letter: a record, or one event of it, that is not valid for its topic."""

from typing import Any, NamedTuple, Self

import orjson

from schemas.envelope import Headers
from schemas.identity import dead_letter_id
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import ACCOUNT
from schemas.topics import MAX_RECORD_BYTES

_OURS = "x-dead-letter-"
#: Limit for key and headers of a record with a batch of events: larger ones are not kept with each dead letter.
MAX_REPEATED_BYTES = 1024


class DeadLetter(NamedTuple):
    """A refused record or event: the original bytes, their position in Kafka, and the reason."""

    account: str  # "" when the record names none
    refusal: Refusal
    topic: str
    partition: int
    offset: int
    position: int  # of the event in a batch; 0 otherwise
    key: bytes | None
    headers: Headers
    value: bytes

    @classmethod
    def of(cls, record: Any, position: int, refusal: Refusal) -> Self:
        """Make the dead letter of the event at `position` of an aiokafka record.

        A value that is larger than the topic may take (it came compressed) is cut. An event of a batch is kept as
        its own text, with the record's key and headers as long as they are small: a thousand refused events of one
        record must not store that record a thousand times.
        """
        value = (record.value or b"") if refusal.part is None else refusal.part
        key, headers = record.key, record.headers
        account = account_of(key, value)
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
        )

    @property
    def id(self) -> str:
        """Id that is equal for every delivery of the record."""
        return dead_letter_id(self.topic, self.partition, self.offset, self.position)

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
            *((f"{_OURS}{name}", value.encode("utf-8", "replace")) for name, value in added.items()),
        ]


def _bytes_of(key: bytes | None, headers: Headers) -> int:
    return len(key or b"") + sum(len(name) + len(value or b"") for name, value in headers)


def _renamed(name: str) -> str:
    return f"original-{name}" if name.startswith(_OURS) else name


def account_of(key: bytes | None, value: bytes) -> str:
    """Return the account that a record claims: `data.account`, else the key's; "" when they differ or name none."""
    claims = {claim for claim in (_claim_of_key(key), _claim_of_value(value)) if claim}
    return claims.pop() if len(claims) == 1 else ""


def _claim_of_key(key: bytes | None) -> str | None:
    first, slash, _rest = (key or b"").partition(b"/")
    return _account(first.decode("ascii", "replace")) if slash else None


def _claim_of_value(value: bytes) -> str | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    data = document.get("data", document) if isinstance(document, dict) else None
    return _account(data.get("account")) if isinstance(data, dict) else None


def _account(claim: object) -> str | None:
    return claim if isinstance(claim, str) and ACCOUNT.fullmatch(claim) else None
