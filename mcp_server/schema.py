"""JSON Schemas of tools, from our models."""

from typing import Any

from pydantic import BaseModel

#: Keywords that say nothing to an assistant which the tool's description does not, or that pydantic adds.
_LEFT_OUT = frozenset({"examples", "title"})


def of_arguments(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a tool's arguments, without references: some assistants do not follow them."""
    return _plain(model.model_json_schema(), is_open=False)


def of_answer(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a tool's answer. It allows more fields than it names: a later version may have more."""
    return _plain(model.model_json_schema(mode="serialization"), is_open=True)


def _plain(schema: dict[str, Any], *, is_open: bool) -> dict[str, Any]:
    definitions = schema.pop("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            referred = definitions[part["$ref"].rpartition("/")[2]]
            return resolved({**referred, **{name: each for name, each in part.items() if name != "$ref"}})
        kept: dict[str, Any] = {}
        for name, each in part.items():
            if name == "properties":
                kept[name] = {field: resolved(value) for field, value in each.items()}
            elif not (name in _LEFT_OUT or (is_open and name == "additionalProperties" and each is False)):
                kept[name] = resolved(each)
        return kept

    plain: dict[str, Any] = resolved(schema)
    return plain
