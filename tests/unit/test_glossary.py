"""The glossary has every word that a state, status or code can be, and each word once."""

import re
from enum import StrEnum
from typing import get_args

import pytest

from cli.documents.__main__ import ROOT
from schemas.catalogue import BY_NAME, SEVERITY
from schemas.item_state import ItemState
from schemas.refusal import DeadLetterCode
from schemas.reprocess import CommandState, Mode

TEXT = (ROOT / "docs" / "glossary.md").read_text("utf-8")


def rows_of(text: str) -> list[list[str]]:
    """The cells of each row of the table in `text`, without its head."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def section(heading: str) -> list[list[str]]:
    return rows_of(TEXT.split(f"## {heading}\n")[1].split("\n## ")[0])


def words_under(heading: str) -> list[str]:
    return [first.strip("`") for first, *_meaning in section(heading)]


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


def test_modes_are_those_of_a_retry() -> None:
    assert words_under("Modes of a retry") == list(get_args(Mode))


def test_integration_types_are_the_catalogue_s() -> None:
    """The rows are generated; that they are there, and are no others."""
    assert words_under("Integration types") == list(BY_NAME)


def test_terms_are_in_order_and_each_is_explained_once() -> None:
    rows = rows_of(TEXT.split("\n## ")[0])
    terms = [re.split(r" \(|,", term)[0].strip("`").replace("_", " ").lower() for term, _meaning in rows]
    assert terms == sorted(terms)
    assert len(set(terms)) == len(terms)
    assert not [term for term, meaning in rows if not meaning]


@pytest.mark.parametrize("heading", ["Statuses of a result", "States of an item", "Codes of a dead letter"])
def test_every_word_has_a_meaning(heading: str) -> None:
    assert not [word for word, meaning in section(heading) if not meaning]
