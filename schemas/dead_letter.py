"""A record, or one event of it, that can't be what its topic is for."""

from typing import Any, NamedTuple, Self

import orjson

from schemas.envelope import Headers
from schemas.identity import dead_letter_id
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import ACCOUNT
from schemas.topics import MAX_RECORD_BYTES

_OURS = "x-dead-letter-"
#: Of key and headers of a record that has a batch of events: what is larger is not kept with each of them.
MAX_REPEATED_BYTES = 1024


class DeadLetter(NamedTuple):
    """The original bytes, where they were, and why they were refused."""

    account: str  # "" when the record does not say whose it is
    refusal: Refusal
    topic: str
    partition: int
    offset: int
    position: int  # of the event in a batch; 0 otherwise
    key: bytes | None
    headers: Headers
    value: bytes
    timestamp: int = 0  # of the record, in milliseconds

    @classmethod
    def of(cls, record: Any, position: int, refusal: Refusal) -> Self:
        """What was refused at `position` of an aiokafka record.

        Of a value that is larger than the topic may take (it came compressed) the beginning is kept. Of an event in
        a batch its own text is kept, with the record's key and headers as long as they are small: a thousand events
        of a record must not store it a thousand times.
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
            record.timestamp,
        )

    @property
    def id(self) -> str:
        """The same for every delivery of the record; another record at the same place of a new topic has another."""
        place = (self.topic, self.partition, self.offset, self.position)
        return dead_letter_id(*place, timestamp=self.timestamp, key=self.key, value=self.value)

    def header_items(self) -> list[tuple[str, bytes]]:
        """The original headers (one that is called like ours is renamed), then what the dead-letter topic adds."""
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
    """Whose record this claims to be: `data.account`, else the record key's; "" when they differ or say nothing."""
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
