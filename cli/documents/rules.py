"""Rules that models check in code, as JSON Schema keywords where these can express them, in words where not.

They are never stricter than the code, or a connector that trusts the schema would hold back a valid event:
tests/unit/test_contract.py checks the same events with both.
"""

from typing import Any

from schemas.envelope import MAX_ATTRIBUTE_CHARACTERS
from schemas.reprocess import COMMAND_ID_PATTERN, MAX_COMMAND_ID_CHARACTERS

Schema = dict[str, Any]

#: Pattern of characters that are not printable, as escapes, so that the documents hold no invisible characters. JSON
#: Schema can't name Unicode's categories in a way that every validator knows, so the pattern has those that occur:
#: controls, spaces other than U+0020, joiners and direction marks, private use, and U+FFFD. The rest is in words.
_NOT_PRINTABLE = (
    r"\u0000-\u001f\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ue000-\uf8ff\ufeff\ufff9-\ufffb\ufffd"
)
PRINTABLE: Schema = {"pattern": f"^[^{_NOT_PRINTABLE}]+$"}
PRINTABLE_RULE = (
    "printable characters only: no control, format, private or unassigned ones, no space but U+0020, no U+FFFD"
)

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


def say_printable(schema: Schema) -> None:
    """Add the model's rule of printable text to a schema."""
    said = schema.get("description")
    schema |= PRINTABLE | {"description": f"{said}; {PRINTABLE_RULE}" if said else PRINTABLE_RULE}


def say_date_time(schema: Schema) -> None:
    """Add the model's rule of RFC 3339 text, which may be null, to a schema."""
    for each in schema.get("anyOf", [schema]):
        if each.get("type") == "string":
            each.update(DATE_TIME)
