"""Rules that models check in code, as JSON Schema keywords where these can express them, in words where not.

They are never stricter than the code, or a connector that trusts the schema would hold back a valid event:
tests/unit/test_contract.py checks the same events with both.
"""

from typing import Any

from schemas.characters import REFUSED
from schemas.command_id import COMMAND_ID_PATTERN, MAX_COMMAND_ID_CHARACTERS
from schemas.envelope import MAX_ATTRIBUTE_CHARACTERS

Schema = dict[str, Any]

#: Pattern of a name, as escapes, so that the documents hold no invisible characters.
NAME: Schema = {"pattern": f"^[^{REFUSED}]+$"}
NAME_RULE = "any character but controls, separators of lines and paragraphs, bidi controls and U+FFFD"

_DATE_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
DATE_TIME: Schema = {"type": "string", "format": "date-time", "pattern": _DATE_TIME}

TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_ATTRIBUTE_CHARACTERS}
URI_REFERENCE: Schema = {**TEXT, "format": "uri-reference", "pattern": r'^[^\s\u0000-\u0020\u007f<>"{}|\\^`]+$'}
COMMAND_ID_TEXT: Schema = {
    "type": "string",
    "maxLength": MAX_COMMAND_ID_CHARACTERS,
    "pattern": f"^({COMMAND_ID_PATTERN})$",
}

#: Schemas of the two ways in which `data` of a command names its logs.
ONE_WAY_TO_CHOOSE: list[Schema] = [
    {
        "title": "by id",
        "required": ["log_ids"],
        "properties": {"log_ids": {"type": "array"}, "filter": {"type": "null"}},
    },
    {
        "title": "by filter",
        "required": ["filter", "as_of"],
        "properties": {"filter": {"type": "object"}, "as_of": {"type": "string"}, "log_ids": {"type": "null"}},
    },
]


def say_name(schema: Schema) -> None:
    """Add the model's rule of keys and affiliates to a schema."""
    said = schema.get("description")
    schema |= NAME | {"description": f"{said}; {NAME_RULE}" if said else NAME_RULE}


def say_date_time(schema: Schema) -> None:
    """Add the model's rule of RFC 3339 text, which may be null, to a schema."""
    for each in schema.get("anyOf", [schema]):
        if each.get("type") == "string":
            each.update(DATE_TIME)
