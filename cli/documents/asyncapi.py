"""The AsyncAPI 3 document of the topics, from the side of Conexões: operations to receive and to send."""

import copy
from typing import Any

from broker.settings import BrokerSettings
from cli.documents.json_schemas import COMMAND, event_name, json_schemas
from cli.documents.messages import BINDING, Message, batch, binary, dead_letter, event_out, retry, structured
from cli.documents.rules import Schema
from cli.installation import InstallationSettings
from schemas.catalogue import CATALOGUE
from schemas.envelope import MAX_BATCH_EVENTS
from schemas.event_out import EventType
from schemas.topics import KIBIBYTE, MAX_EVENT_BYTES, Topics

GROUP = "conexoes-agents"
_EVENT_KEY = "account/affiliate/key of an entity, else the account"
_ENTITY_KEY = "account/affiliate/key in UTF-8, so that one entity keeps its order"


def asyncapi() -> dict[str, Any]:
    """Return the whole document."""
    schemas = _components(json_schemas())
    document = _Document(schemas)
    topics = Topics()
    for each in CATALOGUE:
        name, label = each.name, each.labels["en"]
        document.receive(
            f"{name}-results",
            topics.results(name),
            f"{label}: results of connectors, folded into status logs.",
            f"{name}-result",
            key=_ENTITY_KEY,
        )
        document.send(
            f"{name}-retry",
            topics.retry(name),
            f"{label}: work that connectors are to do again; at least once, told apart by id. The answer is a result.",
            {"structured": retry(f"{name}-retry", schemas[f"{name}-retry"], key=_ENTITY_KEY)},
            reply=f"{name}-results",
        )
    document.receive(
        "reprocess-commands",
        topics.commands,
        "Requests to reprocess; the event's id is the command's. `filter` and `as_of` are those of a plan.",
        COMMAND,
        key="the account; any key is accepted",
    )
    document.send(
        "dead-letter",
        topics.dead_letter,
        "What can't be a result or a command: its bytes, key and headers as they came, and why.",
        {"record": dead_letter()},
    )
    names = [event_name(each) for each in EventType]
    document.send(
        "events",
        topics.events,
        "What changed: logs that fail or recover, incidents, commands that are over, dead letters. Only of accounts "
        "that have a channel of this kind (docs/notifications.md). At least once, told apart by id.",
        {name: event_out(name, schemas[name], key=_EVENT_KEY) for name in names},
    )
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Conexões",
            "version": "1.0.0",
            "description": "Results of marketplace connectors in, retries out. Events are CloudEvents 1.0 on Kafka: in "
            "binary mode, in structured mode (also without a content-type, when the value has `specversion`), or as a "
            f"JSON batch of up to {MAX_BATCH_EVENTS:,} events; retries are always structured. A record's value has up "
            f"to {MAX_EVENT_BYTES // KIBIBYTE:,} KiB. Topics begin with CONEXOES_TOPIC_PREFIX, which is `conexoes` "
            "here. A null value is skipped. What can't be read goes to the dead-letter topic; nothing is answered.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "embedded": {
                "host": f"127.0.0.1:{InstallationSettings.model_fields['kafka_port'].default}",
                "protocol": "kafka",
                "description": "the Kafka of `conexoes up`, without authentication, on this machine only",
            }
        },
        **document.parts(),
    }


def _components(files: dict[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of the events, with `data` and every definition as a component of its own."""
    components: dict[str, Schema] = {}
    for name, schema in copy.deepcopy(files).items():
        if "data" not in schema.get("properties", {}):
            continue  # an answer of the API
        for each in ("$schema", "$id"):
            del schema[each]
        components |= {name: _moved(each) for name, each in schema.pop("$defs", {}).items()}
        components[f"{name}-data"] = _moved(schema["properties"]["data"])
        components[name] = _moved(schema)
        components[name]["properties"]["data"] = {"$ref": f"#/components/schemas/{name}-data"}
    return components


def _moved(schema: Any) -> Any:
    """Return a schema whose references to `#/$defs/…` lead to the components."""
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _moved(value)
        for name, value in schema.items()
    }


class _Document:
    """Builder of channels, operations and messages."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas
        self._channels: dict[str, Any] = {}
        self._operations: dict[str, Any] = {}
        self._messages: dict[str, Message] = {}

    def receive(self, channel: str, topic: str, summary: str, event: str, *, key: str) -> None:
        """Add a topic from which agents read events of the schema `event`, in each mode."""
        schema = self._schemas[event]
        made = {mode.__name__: mode(event, schema, key=key) for mode in (binary, structured, batch)}
        self._channel(channel, topic, summary, {mode: (f"{event}-{mode}", each) for mode, each in made.items()})
        self._operations[f"receive-{channel}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": summary,
            "bindings": {"kafka": {"groupId": {"type": "string", "enum": [GROUP]}, **BINDING}},
        }

    def send(
        self, channel: str, topic: str, summary: str, messages: dict[str, Message], *, reply: str | None = None
    ) -> None:
        """Add a topic that agents write; `reply` is the channel of the answers."""
        several = len(messages) > 1
        self._channel(
            channel, topic, summary, {name: (name if several else channel, each) for name, each in messages.items()}
        )
        self._operations[f"send-{channel}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": summary,
            **({"reply": {"channel": {"$ref": f"#/channels/{reply}"}}} if reply else {}),
        }

    def _channel(self, name: str, topic: str, description: str, messages: dict[str, tuple[str, Message]]) -> None:
        self._messages |= dict(messages.values())
        settings = BrokerSettings.model_fields
        self._channels[name] = {
            "address": topic,
            "description": description,
            "messages": {as_: {"$ref": f"#/components/messages/{name}"} for as_, (name, _) in messages.items()},
            "bindings": {
                "kafka": {
                    "topic": topic,
                    "partitions": settings["topic_partitions"].default,
                    **BINDING,
                }
            },
        }

    def parts(self) -> dict[str, Any]:
        return {
            "channels": self._channels,
            "operations": self._operations,
            "components": {"messages": self._messages, "schemas": self._schemas},
        }
