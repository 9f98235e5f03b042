"""An event of which what explains its result is not as it should be, with that as it is read."""

import json
from typing import Final

from schemas.envelope import Envelope
from schemas.explanation import EXPLAINING, mend
from schemas.json_document import value_of
from schemas.raw_json import RawJson, members, object_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: The field of `data` that has those which were altered, as they came. It is evidence, as all that we do not know.
AS_IT_CAME: Final = "as_it_came"


def mended_event(event: Envelope) -> tuple[Envelope, tuple[Reason, ...]]:
    """Return an event, whose data is an object, with what explains its result as it is read, and what was done.

    Its text has that too; all around stays as it came, byte for byte.
    """
    text = event.body.decode().strip()
    around = list(members(text)) if event.structured else []
    of_data = dict(around)["data"] if event.structured else text
    came = list(members(of_data))
    explaining = {name: RawJson(each) for name, each in came if name in EXPLAINING}
    fields, done = mend(explaining)
    if not fields:
        return event, ()
    kept = object_of((name, explaining[name].text) for name in fields)
    of_data = object_of([*((name, fields.get(name, each)) for name, each in came), (AS_IT_CAME, kept)])
    if event.structured:
        text = object_of((name, of_data if name == "data" else each) for name, each in around)
    else:
        text = of_data
    read = {name: value_of(each.encode()) for name, each in fields.items()}
    return event._replace(body=text.encode(), data={**event.data, **read}), done


def alterations_text(event: Envelope, done: tuple[Reason, ...]) -> str | None:
    """Return all that was done to read an event, as it is stored; None for nothing."""
    replaced = (Reason(ReasonCode.ALTERED_CHARACTERS),) if event.altered else ()
    every = [each.document() for each in (*replaced, *done)]
    return json.dumps(every, ensure_ascii=False) if every else None
