"""Errors of a value: raised where one is found, and given the field where that is known."""

import json
import re
from typing import Any

from pydantic import ValidationError

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import TEMPLATES, places, say


class ReasonError(ValueError):
    """A value that can't be what it should. The text is the sentence in English, without its field."""

    def __init__(self, code: ReasonCode, **parameters: Any) -> None:
        self.reason = Reason(code, **parameters)
        super().__init__(fault_of(self.reason))


#: Characters of a value at fault that its refusal shows: enough to find it by.
MAX_SHOWN_CHARACTERS = 40
#: Characters of the path of a field, which may have a name that is a caller's own.
MAX_FIELD_CHARACTERS = 200

#: Codes by pydantic's type of an error, each with the parameters that we take from it, by our name for them.
_BY_TYPE: dict[str, tuple[ReasonCode, dict[str, str]]] = {
    "missing": (ReasonCode.FIELD_MISSING, {}),
    "extra_forbidden": (ReasonCode.FIELD_UNKNOWN, {}),
    "string_type": (ReasonCode.FIELD_NOT_TEXT, {}),
    "string_unicode": (ReasonCode.FIELD_NOT_STORABLE, {}),
    "string_too_short": (ReasonCode.FIELD_TOO_SHORT, {"limit": "min_length"}),
    "string_too_long": (ReasonCode.FIELD_TOO_LONG, {"limit": "max_length"}),
    "string_pattern_mismatch": (ReasonCode.FIELD_PATTERN, {"pattern": "pattern"}),
    "int_type": (ReasonCode.FIELD_NOT_INTEGER, {}),
    "int_parsing": (ReasonCode.FIELD_NOT_INTEGER, {}),
    "int_from_float": (ReasonCode.FIELD_NOT_INTEGER, {}),
    "int_parsing_size": (ReasonCode.FIELD_NOT_INTEGER, {}),
    "float_type": (ReasonCode.FIELD_NOT_NUMBER, {}),
    "float_parsing": (ReasonCode.FIELD_NOT_NUMBER, {}),
    "finite_number": (ReasonCode.FIELD_NOT_NUMBER, {}),
    "bool_type": (ReasonCode.FIELD_NOT_BOOLEAN, {}),
    "bool_parsing": (ReasonCode.FIELD_NOT_BOOLEAN, {}),
    "list_type": (ReasonCode.FIELD_NOT_LIST, {}),
    "tuple_type": (ReasonCode.FIELD_NOT_LIST, {}),
    "dict_type": (ReasonCode.FIELD_NOT_OBJECT, {}),
    "model_type": (ReasonCode.FIELD_NOT_OBJECT, {}),
    "model_attributes_type": (ReasonCode.FIELD_NOT_OBJECT, {}),
    "uuid_type": (ReasonCode.FIELD_NOT_UUID, {}),
    "uuid_parsing": (ReasonCode.FIELD_NOT_UUID, {}),
    "too_short": (ReasonCode.FIELD_TOO_FEW, {"limit": "min_length"}),
    "too_long": (ReasonCode.FIELD_TOO_MANY, {"limit": "max_length"}),
    "greater_than_equal": (ReasonCode.FIELD_AT_LEAST, {"limit": "ge"}),
    "greater_than": (ReasonCode.FIELD_MORE_THAN, {"limit": "gt"}),
    "less_than_equal": (ReasonCode.FIELD_AT_MOST, {"limit": "le"}),
    "literal_error": (ReasonCode.FIELD_NOT_ONE_OF, {"allowed": "expected"}),
    "enum": (ReasonCode.FIELD_NOT_ONE_OF, {"allowed": "expected"}),
}


#: pydantic lists the values of a Literal or an enum in English: 'a', 'b' or 'c'. None of ours has a quotation mark.
_EXPECTED = re.compile(r"'([^']*)'")


def reason_of(field: str, error: Any) -> Reason:
    """Return what pydantic finds wrong with `field`; `error` is one of `ValidationError.errors()`, with its input.

    The text of a ValueError of our own, which is for operators and in English, is said as it is.
    """
    context = error.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, ReasonError):
        return raised.reason.of(field=field)
    if isinstance(raised, ValueError):
        return Reason(ReasonCode.OWN_WORDS, field=field, text=str(raised))
    code, names = _BY_TYPE.get(error["type"], (ReasonCode.FIELD_WRONG, {}))
    if code is ReasonCode.FIELD_WRONG:
        return Reason(code, field=field, detail=shown(error["input"]))
    found = {name: context[theirs] for name, theirs in names.items()}
    if code is ReasonCode.FIELD_NOT_ONE_OF:
        found["allowed"] = tuple(_EXPECTED.findall(found["allowed"]))
    if ("got", "kind") in places(TEMPLATES[code]["en"]):
        found["got"] = kind_of(error["input"])
    return Reason(code, field=field, **found)


def reasons_of(errors: Any, *within: str) -> list[Reason]:
    """Return all that pydantic finds wrong, each with its path as its field, under `within`, from point to point.

    `errors`: a ValidationError, or the `errors()` of one, with their inputs.
    """
    found = errors.errors(include_url=False) if isinstance(errors, ValidationError) else errors
    return [
        reason_of(".".join([*within, *(str(part) for part in each["loc"])])[:MAX_FIELD_CHARACTERS], each)
        for each in found
    ]


def fault_of(reason: Reason) -> str:
    """Return its sentence in English without its field, for who names that in another way."""
    return say(reason.of(field=""), "en").strip()


def shown(value: Any) -> str:
    """Return a value as a refusal shows it: its JSON, cut, with escapes for what nobody sees."""
    if not isinstance(value, str):
        return json.dumps(value, default=str)[:MAX_SHOWN_CHARACTERS]
    cut = value if len(value) <= MAX_SHOWN_CHARACTERS else value[:MAX_SHOWN_CHARACTERS] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(each if each == " " or each.isprintable() else json.dumps(each)[1:-1] for each in quoted)


def kind_of(value: Any) -> str:
    """Return what JSON calls a value of this kind: a name of schemas.reasons.about_fields.KINDS."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "object" if isinstance(value, dict) else "list"
