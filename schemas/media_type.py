"""Media types as producers write them: in any case, with parameters, and in the quotes of JSON."""

import json
import re
from functools import lru_cache
from typing import Final

_JSON: Final = re.compile(r"(?:application|text)/(?:[\w.!#$&^-]+\+)?json")


@lru_cache(maxsize=256)  # a producer writes the same one in each record
def media_type(text: str) -> str:
    """Return the media type in `text`, in small letters, without parameters; "" for none."""
    text = text.strip()
    if text.startswith('"'):
        try:
            text = str(json.loads(text))
        except ValueError:
            text = text.strip('"')
    return text.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def is_json(name: str) -> bool:
    """Tell if what has this media type is JSON."""
    return _JSON.fullmatch(name) is not None
