"""The option `--json`: what a command has to say as a JSON document, or as one in each line, for scripts."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def to_json(fields: Mapping[str, Any]) -> str:
    """Return fields as one JSON object; times are RFC 3339."""
    return json.dumps(fields, ensure_ascii=False, default=_text)


def say_nothing(_line: str) -> None:
    """Print no line: something else is said instead."""


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
