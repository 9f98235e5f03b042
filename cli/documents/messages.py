"""The messages of the AsyncAPI document: one event in each of its modes, and the dead letter."""

from typing import Any

from cli.documents.rules import Schema
from schemas.envelope import BATCH, MAX_BATCH_EVENTS, STRUCTURED
from schemas.refusal import DeadLetterCode

Message = dict[str, Any]

_TEXT = {"type": "string"}
#: Version of AsyncAPI's Kafka bindings.
BINDING = {"bindingVersion": "0.5.0"}
_BINARY_ATTRIBUTES = ("specversion", "type", "source", "id", "time", "subject", "correlationid")


def binary(name: str, schema: Schema, *, key: str) -> Message:
    """Describe attributes as `ce_` headers and `data` as the value. `schema` is the structured event's."""
    attributes = {each: value for each, value in schema["properties"].items() if each in _BINARY_ATTRIBUTES}
    required = [f"ce_{each}" for each in schema["required"] if each in _BINARY_ATTRIBUTES]
    event = schema["examples"][0]
    example: dict[str, Any] = {f"ce_{each}": event[each] for each in attributes if each in event}
    media_type = schema["properties"]["datacontenttype"]
    headers = {f"ce_{each}": value for each, value in attributes.items()} | {"content-type": media_type}
    return {
        "name": schema["title"],
        "title": f"{schema['title']}, binary mode",
        "contentType": "application/json",
        "headers": {"type": "object", "required": required, "properties": headers},
        "payload": {"$ref": f"#/components/schemas/{name}-data"},
        "correlationId": _correlation(schema, "$message.header#/ce_{}"),
        "bindings": _bindings(key),
        "examples": [{"headers": example | {"content-type": "application/json"}, "payload": event["data"]}],
    }


def structured(name: str, schema: Schema, *, key: str) -> Message:
    """Describe the whole event as the value."""
    media_type = {
        **_TEXT,
        "pattern": f"^(application/json|{STRUCTURED.replace('+', '[+]')})",
        "description": "may be left out, or application/json: an object with `specversion` is structured",
    }
    return {
        "name": schema["title"],
        "title": f"{schema['title']}, structured mode",
        "contentType": STRUCTURED,
        "headers": {"type": "object", "properties": {"content-type": media_type}},
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "correlationId": _correlation(schema, "$message.payload#/{}"),
        "bindings": _bindings(key),
        "examples": [{"headers": {"content-type": STRUCTURED}, "payload": schema["examples"][0]}],
    }


def batch(name: str, schema: Schema, *, key: str) -> Message:
    """Describe a list of structured events. A refused one does not hold back the others."""
    media_type = {**_TEXT, "pattern": f"^{BATCH.replace('+', '[+]')}"}
    return {
        "name": schema["title"],
        "title": f"{schema['title']}, JSON batch",
        "contentType": BATCH,
        "headers": {"type": "object", "required": ["content-type"], "properties": {"content-type": media_type}},
        "payload": {
            "type": "array",
            "maxItems": MAX_BATCH_EVENTS,
            "items": {"$ref": f"#/components/schemas/{name}"},
        },
        "bindings": _bindings(key),
        "examples": [{"headers": {"content-type": BATCH}, "payload": [schema["examples"][0]]}],
    }


def retry(name: str, schema: Schema, *, key: str) -> Message:
    """Describe a retry as agents.reprocess.dispatch sends it: structured, with exactly this content-type."""
    message = structured(name, schema, key=key)
    message["headers"] = {
        "type": "object",
        "required": ["content-type"],
        "properties": {"content-type": {"const": STRUCTURED}},
    }
    return message


def event_out(name: str, schema: Schema, *, key: str) -> Message:
    """Describe an event out as agents.notify.delivery sends it: structured, with exactly this content-type."""
    message = retry(name, schema, key=key)
    del message["correlationId"]
    return message


def dead_letter() -> Message:
    """Describe a dead letter: the original record with more headers."""
    headers: Schema = {
        "x-dead-letter-code": {**_TEXT, "enum": [code.value for code in DeadLetterCode]},
        "x-dead-letter-reason": {**_TEXT, "description": "every fault of it, for the connector's developer"},
        "x-dead-letter-topic": {**_TEXT, "description": "where the record was"},
        "x-dead-letter-partition": {**_TEXT, "pattern": "^[0-9]+$"},
        "x-dead-letter-offset": {**_TEXT, "pattern": "^[0-9]+$"},
    }
    position = {**_TEXT, "pattern": "^[0-9]+$", "description": "of the event, when the record is a batch of events"}
    cut = {"const": "true", "description": "only the beginning is kept: the whole was too large for this topic"}
    example = {
        "x-dead-letter-code": DeadLetterCode.SCHEMA.value,
        "x-dead-letter-reason": "data.status is missing",
        "x-dead-letter-topic": "conexoes.results.price",
        "x-dead-letter-partition": "3",
        "x-dead-letter-offset": "77",
    }
    return {
        "name": "dead-letter",
        "title": "A record that was refused, or one event of it",
        "summary": "The original bytes, key and headers, and these headers more",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "required": list(headers),
            "properties": headers | {"x-dead-letter-position": position, "x-dead-letter-cut": cut},
        },
        "payload": {"description": "the bytes as they came; of a batch of events, those of the refused event"},
        "bindings": _bindings("the original key"),
        "examples": [{"headers": example, "payload": '{"account": "demo"}'}],
    }


def _correlation(schema: Schema, place: str) -> Message:
    """Describe the correlation id of answers. A command has none: its retries carry its id."""
    attribute = "correlationid" if "correlationid" in schema["properties"] else "id"
    described = schema["properties"][attribute]["description"]
    return {"location": place.format(attribute), "description": described}


def _bindings(key: str) -> Message:
    return {"kafka": {"key": {**_TEXT, "description": key}, **BINDING}}
