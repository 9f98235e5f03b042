"""Search for a text in everything that an installation stores: each table, and each file but the servers' own data."""

from collections.abc import Iterable
from pathlib import Path

import asyncpg

#: Directories of the embedded servers, which keep what is deleted until they reuse its place: docs/personal-data.md.
_SERVERS = {"kafka", "postgres"}


async def tables_with(owner: asyncpg.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Return how many rows of each table have one of `texts` in any column, in any case, also as bytes."""
    found = {}
    names = await owner.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'conexoes'")
    assert len(names) > 30
    for [name] in names:
        rows = [
            "\n".join(map(_text, row.values())).lower() for row in await owner.fetch(f'SELECT * FROM conexoes."{name}"')
        ]
        if count := sum(any(text.lower() in row for text in texts) for row in rows):
            found[name] = count
    return found


def files_with(directory: Path, texts: Iterable[str]) -> list[str]:
    """Return the files under `directory` that have one of `texts`."""
    return [
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file()
        and path.relative_to(directory).parts[0] not in _SERVERS
        and any(text.encode() in path.read_bytes() for text in texts)
    ]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
