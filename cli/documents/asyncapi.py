"""The AsyncAPI 3 document of the topics, from the side of Conexões: what it receives, what it sends."""

from typing import Any

from cli.documents.json_schemas import Schema, data_of, result_data
from schemas.catalogue import CATALOGUE
from schemas.refusal import DeadLetterCode
from schemas.reprocess import COMMAND_EVENT_TYPE, ReprocessRequest, RetryData
from schemas.topics import Topics

_TOPICS = Topics()
_TEXT = {"type": "string"}


def asyncapi() -> dict[str, Any]:
    """The whole document."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}

    def add(name: str, topic: str, action: str, message: dict[str, Any], summary: str) -> None:
        messages[name] = message
        channels[name] = {
            "address": topic,
            "messages": {"event": {"$ref": f"#/components/messages/{name}"}},
            "bindings": {"kafka": {"topic": topic}},
        }
        operations[f"{action}-{name}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": summary,
        }

    for each in CATALOGUE:
        label = each.labels["en"]
        add(
            f"{each.name}-results",
            _TOPICS.results(each.name),
            "receive",
            _message(each.result_event_type, result_data(each), key="account/affiliate/key in UTF-8"),
            f"{label}: results of connectors, folded into status logs",
        )
        add(
            f"{each.name}-retry",
            _TOPICS.retry(each.name),
            "send",
            _message(each.retry_event_type, data_of(RetryData), key="account/affiliate/key in UTF-8"),
            f"{label}: work that connectors are to do again, at least once, told apart by id",
        )
    add(
        "reprocess-commands",
        _TOPICS.commands,
        "receive",
        _message(COMMAND_EVENT_TYPE, data_of(ReprocessRequest), key="account"),
        "Requests to reprocess; the event's id is the command's",
    )
    add("dead-letter", _TOPICS.dead_letter, "send", _dead_letter(), "What can't be a result or a command")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Conexões",
            "version": "1.0.0",
            "description": "Results of marketplace connectors in, retries out. Events are CloudEvents 1.0, "
            "in binary mode (`ce_` headers) or structured mode (application/cloudevents+json); retries are structured.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "embedded": {"host": "127.0.0.1:19092", "protocol": "kafka", "description": "the Kafka of `conexoes up`"}
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _message(event_type: str, data: Schema, *, key: str) -> dict[str, Any]:
    definitions = data.pop("$defs", {})
    payload = _inlined(data, definitions)
    headers = {
        "type": "object",
        "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_type": {"const": event_type},
            "ce_source": _TEXT,
            "ce_id": _TEXT,
            "ce_time": {**_TEXT, "format": "date-time"},
            "ce_subject": _TEXT,
            "ce_correlationid": _TEXT,
            "content-type": {**_TEXT, "examples": ["application/json"]},
        },
    }
    return {
        "name": event_type,
        "contentType": "application/json",
        "headers": headers,
        "payload": payload,
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": {**_TEXT, "description": key}}},
    }


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Without `$ref`s to `$defs`, which have no place inside a message."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}


def _dead_letter() -> dict[str, Any]:
    headers = {
        "x-dead-letter-code": {**_TEXT, "enum": [code.value for code in DeadLetterCode]},
        "x-dead-letter-reason": _TEXT,
        "x-dead-letter-topic": _TEXT,
        "x-dead-letter-partition": _TEXT,
        "x-dead-letter-offset": _TEXT,
    }
    return {
        "name": "dead-letter",
        "summary": "The original bytes, key and headers, and these headers more",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "required": list(headers), "properties": headers},
        "payload": {"description": "the bytes as they came"},
    }
