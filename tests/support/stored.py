"""All text in the database, whatever the table: to prove that some text is not there."""

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg

from schemas.reasons.say import OWN_WORDS, TEMPLATES

#: No sentence of ours is as long: what is longer is what a connector sent.
_LONGEST = 4000


#: Columns that no reader is shown: words of reasons in every language, by which dead letters are found.
SEARCHED = {"dead_letters.said"}


async def texts(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Every text by "table.column"; of JSON each string in it."""
    columns = await owner.fetch(
        """SELECT c.relname, a.attname, a.atttypid::regtype::text AS type
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             AND a.atttypid::regtype::text IN ('text', 'text[]', 'json', 'jsonb')
           ORDER BY 1, 2"""
    )
    assert len(columns) > 50
    found: dict[str, list[str]] = {}
    for table, column, type_ in columns:
        rows = await owner.fetch(f'SELECT DISTINCT "{column}"::text AS value FROM conexoes."{table}"')
        values = [row["value"] for row in rows if row["value"] is not None]
        found[f"{table}.{column}"] = (
            values
            if not type_.startswith("json")
            else [text for value in values for text in _strings(json.loads(value))]
        )
    return found


def sentences(stored: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the texts of `stored` that are, or contain, sentences of ours in English."""
    wholly_given = {"{text}", "{count} {state}", "{first}{others:each}"}
    assert all(each["en"] in wholly_given for each in OWN_WORDS.values())
    all_pieces = [_pieces(each["en"]) for each in TEMPLATES.values() if each["en"] not in wholly_given]
    found = {
        name: [text for text in given if len(text) < _LONGEST and any(_in_order(each, text) for each in all_pieces)]
        for name, given in stored.items()
    }
    return {name: given for name, given in found.items() if given and name not in SEARCHED}


def _pieces(template: str) -> list[str]:
    """Return the fixed parts of a sentence, between its parameters."""
    return [piece for piece in re.split(r"\{[^}]*\}", template) if piece]


def _in_order(pieces: list[str], text: str) -> bool:
    position = 0
    for piece in pieces:
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for each in value.values():
                yield from _strings(each)
