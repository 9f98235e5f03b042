"""docs/events.md: the AsyncAPI document for people, each topic, message and schema under a heading of its own."""

import json
from typing import Any

from cli.documents.tables import anchor, fields, one_line, table, takes

_DIRECTIONS = {"receive": "read by the agents", "send": "written by the agents"}


def events_page(document: dict[str, Any]) -> str:
    """Return the whole page. `document` is docs/contract/asyncapi.json."""
    components = document["components"]
    lines = [
        "# Events reference",
        "",
        one_line(document["info"]["description"]),
        "",
        "The same for programs is [asyncapi.json](contract/asyncapi.json); what to keep in mind is in",
        "[For connector teams](connectors.md). Made from the code by `make documents`.",
        "",
        "## Topics",
        "",
        *table(("topic", "what it has", "is", "messages"), [_topic(document, name) for name in document["channels"]]),
        "",
        "## Messages",
    ]
    for name, message in components["messages"].items():
        lines += ["", f"### {name} message", "", f"{message['title']}; `{message['contentType']}`.", ""]
        payload = message["payload"]
        lines += [
            f"Value: {payload['description'] if 'description' in payload else takes(payload)}. Key: {_key(message)}.",
            "",
            *fields(message["headers"]),
        ]
        for example in message.get("examples", [])[:1]:
            lines += ["", "```json", json.dumps(example, indent=2, ensure_ascii=False), "```"]
    lines += ["", "## Schemas"]
    for name, schema in components["schemas"].items():
        lines += ["", f"### {name}", "", one_line(schema.get("description", "")), "", *fields(schema)]
    return "\n".join(lines) + "\n"


def _topic(document: dict[str, Any], name: str) -> tuple[str, str, str, str]:
    channel = document["channels"][name]
    direction = next(
        _DIRECTIONS[each["action"]]
        for each in document["operations"].values()
        if each["channel"]["$ref"] == f"#/channels/{name}"
    )
    messages = (each["$ref"].rpartition("/")[2] for each in channel["messages"].values())
    links = ", ".join(f"[{each}](#{anchor(f'{each} message')})" for each in messages)
    return f"`{channel['address']}`", one_line(channel["description"]), direction, links


def _key(message: dict[str, Any]) -> str:
    return str(message["bindings"]["kafka"]["key"]["description"])
