"""Ids of commands: what is one, alike for the agents, the API, the pages and the documents."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from cli.documents.rules import COMMAND_ID_TEXT
from schemas.command_id import CommandId, is_command_id

ADAPTER: TypeAdapter[str] = TypeAdapter(CommandId)


@pytest.mark.parametrize("text", ["c1", "a" * 128, "..a", "a..", "~", "-", ".:.", "." * 127 + "a"])
def test_what_is_one(text: str) -> None:
    assert is_command_id(text)
    assert ADAPTER.validate_python(text) == text
    assert re.fullmatch(COMMAND_ID_TEXT["pattern"], text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "." * 128, "a" * 129, "a/b", "a b", "é", "a\n", "." * 128 + "a"]
)
def test_what_is_none(text: str) -> None:
    assert not is_command_id(text)
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(text)
    assert len(text) > COMMAND_ID_TEXT["maxLength"] or not re.fullmatch(COMMAND_ID_TEXT["pattern"], text)
