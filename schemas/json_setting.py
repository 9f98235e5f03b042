"""Settings that are a document of JSON."""

from typing import Any

import orjson


def document_of(value: Any, name: str) -> Any:
    """Return what the text of a setting says; what is no text is returned as it is.

    Raises ValueError with a sentence that begins with `name`, so that an installation never starts with a bad setting.
    """
    if not isinstance(value, str | bytes):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as exc:
        raise ValueError(f"{name} must be a JSON object: {exc}") from None
