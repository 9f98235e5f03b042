"""Makes the record of a result: a CloudEvent in binary mode, checked before it is sent."""

import json
import re
import time as clock
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from broker.publisher import Record
from conexoes_connector.errors import InvalidResultError
from schemas.catalogue import BY_NAME
from schemas.raw_json import RawJson, object_of
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import read
from schemas.timestamp import to_text
from schemas.topics import Topics

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def result_record(
    topics: Topics,
    integration_type: str,
    data: dict[str, Any],
    *,
    source: str,
    own_topics: str | None = None,
    event_id: str | None = None,
    time: datetime | None = None,
    correlationid: str | None = None,
    traceparent: str | None = None,
) -> Record:
    """Make the record of `data`. Without `processed_at` it gets the time of now.

    A RawJson among the values is written as it is, digit for digit.

    A result that is sent again after a crash should have the `event_id` of the first time. Without one it gets a
    random UUID. `own_topics`: as in Connector. Raises InvalidResultError.
    """
    if integration_type not in BY_NAME:
        raise InvalidResultError(f"integration_type must be one of {', '.join(BY_NAME)}")
    now = time or datetime.now(UTC)
    data = {"processed_at": to_text(now), **{name: value for name, value in data.items() if value is not None}}
    attributes = {
        "specversion": "1.0",
        "type": BY_NAME[integration_type].result_event_type,
        "source": source,
        "id": event_id or str(uuid.uuid4()),
        "subject": str(data.get("key", "")) or "-",
        "time": to_text(now),
    }
    extensions = {"correlationid": correlationid, "traceparent": traceparent}
    attributes |= {name: value for name, value in extensions.items() if value is not None}
    headers = [(f"ce_{name}", value.encode("utf-8", "surrogatepass")) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    try:
        value = object_of((name, _text(each)) for name, each in data.items()).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidResultError(f"json: {exc}") from exc
    key = f"{data.get('account')}/{data.get('affiliate')}/{data.get('key')}".encode("utf-8", "surrogatepass")
    record = Record(topics.results(integration_type, own_topics), key, value, headers)
    _check(integration_type, record)
    return record


def _text(value: Any) -> str:
    """Return a value of `data` as JSON. Escapes take the place of characters only where UTF-8 has none for them."""
    if isinstance(value, RawJson):
        return value.text
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value) if _LONE_SURROGATE.search(text) else text


def _check(integration_type: str, record: Record) -> None:
    """Check it with the agents' own reader: what passes here is a result there."""
    for event in read(BY_NAME[integration_type], record.headers, record.key, record.value or b"", clock.time_ns()):
        if isinstance(event, Refusal):
            raise InvalidResultError(f"{event.code}: {say(event.reason, 'en')}")
