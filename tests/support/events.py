"""Result events as a connector would send them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from schemas.catalogue import BY_NAME
from schemas.topics import Topics

SOURCE = "/connectors/test"
#: Past enough to be valid in any run, recent enough not to meet retention.
T0 = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


class Event(NamedTuple):
    """A Kafka record to be."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    integration_type: str = "price"


def at(seconds: float) -> str:
    """RFC 3339, `seconds` after T0."""
    return (T0 + timedelta(seconds=seconds)).isoformat()


def data(**changes: Any) -> dict[str, Any]:
    """Valid `data`; a change to None leaves the field out."""
    fields: dict[str, Any] = {
        "account": "acme",
        "affiliate": "MLB",
        "key": "SKU-1",
        "status": "error",
        "processed_at": at(0),
        "message": "The price 10.00 is below the minimum",
        "errors": [{"code": "price.minimum", "message": "below the minimum"}],
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def result(
    event_id: str = "e1", integration_type: str = "price", *, correlationid: str | None = None, **changes: Any
) -> Event:
    """A result in binary mode. `changes` are fields of `data`."""
    body = data(**changes)
    headers = attributes(event_id, integration_type, body["key"], body["processed_at"], correlationid)
    key = f"{body['account']}/{body['affiliate']}/{body['key']}".encode()
    return Event(key, json.dumps(body).encode(), headers, integration_type)


def with_extensions(event: Event, *, structured: bool, **extensions: str) -> Event:
    """Return the same result with CloudEvents extensions, in one mode or the other."""
    if not structured:
        headers = [(f"ce_{name}", value.encode()) for name, value in extensions.items()]
        return event._replace(headers=[*event.headers, *headers])
    names = {name.removeprefix("ce_"): value.decode() for name, value in event.headers if name != "content-type"}
    whole = {**names, **extensions, "data": json.loads(event.value or b"")}
    return event._replace(value=json.dumps(whole).encode(), headers=[])


def with_evidence(event: Event, text: str, field: str = "request") -> Event:
    """Return the same result, in binary mode, with this JSON text as a field of its data."""
    value = (event.value or b"").decode()
    return event._replace(value=f'{value[:-1]}, "{field}": {text}}}'.encode())


def attributes(
    event_id: str, integration_type: str, subject: str, time: str, correlationid: str | None = None
) -> list[tuple[str, bytes]]:
    """CloudEvents headers."""
    named = {
        "ce_specversion": "1.0",
        "ce_type": BY_NAME[integration_type].result_event_type,
        "ce_source": SOURCE,
        "ce_id": event_id,
        "ce_time": time,
        "ce_subject": subject,
        "content-type": "application/json",
    }
    if correlationid is not None:
        named["ce_correlationid"] = correlationid
    return [(name, value.encode()) for name, value in named.items()]


def whole(event: Event, **changes: Any) -> dict[str, Any]:
    """A result in structured mode. `changes` are attributes; a change to None leaves one out."""
    named = {name.removeprefix("ce_"): value.decode() for name, value in event.headers if name.startswith("ce_")}
    fields = {**named, "data": json.loads(event.value or b""), **changes}
    return {name: value for name, value in fields.items() if value is not None}


def raw(value: bytes | None, event_id: str = "e1", integration_type: str = "price", key: bytes | None = None) -> Event:
    """Any bytes under valid headers."""
    headers = [each for each in attributes(event_id, integration_type, "x", at(0)) if each[0] != "ce_subject"]
    return Event(key, value, headers, integration_type)


def topic(event: Event, prefix: str) -> str:
    return Topics(prefix=prefix).results(event.integration_type)
