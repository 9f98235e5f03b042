"""The glossary has every word that a state, status or code can be."""

import re
from enum import StrEnum

import pytest

from cli.documents.__main__ import ROOT
from schemas.catalogue import SEVERITY
from schemas.refusal import DeadLetterCode
from schemas.reprocess import CommandState, ItemState


def words_under(heading: str) -> list[str]:
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-z_]+)`", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "enum"),
    [
        ("States of an item", ItemState),
        ("States of a command", CommandState),
        ("Codes of a dead letter", DeadLetterCode),
    ],
)
def test_a_section_is_its_enum(heading: str, enum: type[StrEnum]) -> None:
    assert words_under(heading) == [each.value for each in enum]


def test_statuses_are_the_catalogue_s() -> None:
    assert words_under("Statuses of a result") == list(SEVERITY)
