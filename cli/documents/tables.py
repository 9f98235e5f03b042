"""JSON Schema as Markdown: a table of the fields of an object, each with its values in a few words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "over {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}
_KINDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}
_FORMATS = {"date-time": "RFC 3339 time", "uuid": "UUID"}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    return [_row(head), f"|{'---|' * len(head)}", *map(_row, rows)]


def one_line(text: str) -> str:
    """Return text for a cell: without line ends, and with HTML escaped."""
    return " ".join(text.split()).replace("<", "&lt;")


def fields(schema: Schema) -> list[str]:
    """Return the table of the properties of an object; for any other schema, a sentence about its values."""
    if not schema.get("properties"):
        return [f"{takes(schema)}."]
    required = schema.get("required", ())
    rows = [
        (f"`{name}`", takes(each), "yes" if name in required else "", one_line(each.get("description", "")))
        for name, each in schema["properties"].items()
    ]
    return table(("field", "takes", "required", "meaning"), rows)


def examples(schema: Schema) -> Iterator[Any]:
    """Yield the schema's examples of the whole."""
    yield from schema.get("examples", ())


def takes(schema: Schema) -> str:
    """Describe the values of a schema, with limits; schemas that have a name are links to their headings."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return " or ".join(dict.fromkeys(takes(each) for each in schema[keyword]))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    return ", ".join([_kind(schema), *_limits(schema)])


def anchor(heading: str) -> str:
    """Return the fragment of a heading's link, as GitHub and the site make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "array":
        return f"list of {takes(schema.get('items', {}))}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object, each value {takes(values)}" if isinstance(values, dict) and values else "object"
    if kind == "string" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return _KINDS.get(str(kind), "anything")


def _limits(schema: Schema) -> Iterator[str]:
    if {"minLength", "maxLength"} <= schema.keys():
        yield f"{schema['minLength']} to {schema['maxLength']} characters"
    elif {"minimum", "maximum"} <= schema.keys():
        yield f"{schema['minimum']} to {schema['maximum']}"
    else:
        yield from (said.format(schema[keyword]) for keyword, said in _LIMITS.items() if keyword in schema)
    if {"minLength", "minimum"} & schema.keys():
        yield from (_LIMITS[each].format(schema[each]) for each in ("minItems", "maxItems") if each in schema)
    if "default" in schema and schema["default"] not in (None, [], ""):
        yield f"`{schema['default']}` unless given"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
