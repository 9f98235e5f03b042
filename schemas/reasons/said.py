"""A reason as a field of a model that is shown."""

from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema

from schemas.reasons.reason import Reason, own_words
from schemas.reasons.say import say

#: A reason, which pages say in the reader's language. JSON has its sentence in English; read back, that is somebody's
#: own words.
Said = Annotated[
    InstanceOf[Reason],
    BeforeValidator(lambda value: own_words(value) if isinstance(value, str) else value),
    PlainSerializer(lambda reason: say(reason, "en"), return_type=str),
    WithJsonSchema({"type": "string"}),
]
