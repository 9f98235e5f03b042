"""What the models check in code, said as JSON Schema keywords where JSON Schema can say it, in words where not.

Never stricter than the code, or a connector that trusts the schema would hold back what is accepted:
tests/unit/test_contract.py puts the same events to both.
"""

from typing import Any

from schemas.envelope import MAX_ATTRIBUTE_CHARACTERS
from schemas.reprocess import COMMAND_ID_PATTERN, MAX_COMMAND_ID_CHARACTERS

Schema = dict[str, Any]

#: As escapes, so that the documents hold no invisible characters. JSON Schema can't name Unicode's categories in a
#: way that every validator knows, so this has those that occur: controls, spaces that are not U+0020, what joins or
#: turns text unseen, private use, and U+FFFD. The rest of the rule is in words.
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

#: `data` of a command names its logs in one of two ways.
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
    """Add to the schema of a printable text what the model checks of it."""
    said = schema.get("description")
    schema |= PRINTABLE | {"description": f"{said}; {PRINTABLE_RULE}" if said else PRINTABLE_RULE}


def say_date_time(schema: Schema) -> None:
    """Add to the schema of RFC 3339 text, which may be null, what the model checks of it."""
    for each in schema.get("anyOf", [schema]):
        if each.get("type") == "string":
            each.update(DATE_TIME)
