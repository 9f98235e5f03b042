"""Named SQL statements from `sql/` and its folders.

A statement begins with a line `-- name --`; a name that is missing or used twice fails at import. Braces are replaced
at import: `{name}` of another statement by its text, so that a part that several share is written once and has the
same parameters in each; `{NAME}` by a constant of storage.constants. `:name` is a parameter, also in a text that
replaced braces: PostgreSQL gets it as `$1`, `$2`, … in the order in which the names come first.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from storage.constants import FOR_SQL
from storage.database import Connection

#: Braces that storage.filters replaces when it knows the filter and the order. A statement with one of them is a
#: template.
BLANKS = frozenset(
    {"filter", "dimensions", "others", "in_facets", "then", "unchanged", "past", "direction", "short_of"}
)

_HEADING = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)
_PLACE = re.compile(r"\{(\w+)\}")
#: Parameters; comments, strings, quoted names and casts are skipped. A name as the bound of a slice would be mistaken
#: for a parameter.
_PARAMETER = re.compile(r"--[^\n]*|'[^']*'|\"[^\"]*\"|::|:([a-z_][a-z0-9_]*)")

#: Rows that are asked for at once, where they may be many and large.
_PIECE = 50


class Statement:
    """One statement, whose arguments are given by name.

    `text` is the text for PostgreSQL, `names` are its parameters `$1`, `$2`, …. The text is the same object at each
    call, so that asyncpg prepares it once for each connection.
    """

    __slots__ = ("name", "names", "text")

    def __init__(self, name: str, written: str) -> None:
        self.name = name
        numbers: dict[str, int] = {}

        def numbered(token: re.Match[str]) -> str:
            return token[0] if token[1] is None else f"${numbers.setdefault(token[1], len(numbers) + 1)}"

        self.text = _PARAMETER.sub(numbered, written)
        self.names = tuple(numbers)

    def arguments(self, rows: Sequence[Any] | None = None, /, **named: Any) -> list[Any]:
        """Return the arguments in the order of the text.

        With `rows`, NamedTuples of one kind, each parameter that is not given by name is an array: the field of that
        name of every row. Raises TypeError for a name that is missing or unknown.
        """
        if rows is not None:
            columns = _columns(rows) if rows else dict.fromkeys(self.names, ())
            named |= {name: columns[name] for name in self.names if name not in named and name in columns}
        try:
            found = [named[name] for name in self.names]
        except KeyError:
            raise self._mistake(named) from None
        if len(found) != len(named):
            raise self._mistake(named)
        return found

    def _mistake(self, named: Mapping[str, Any]) -> TypeError:
        missing, unknown = sorted(set(self.names) - set(named)), sorted(set(named) - set(self.names))
        return TypeError(f"statement {self.name}: missing {missing}, unknown {unknown}")

    async def execute(self, connection: Connection, rows: Sequence[Any] | None = None, /, **named: Any) -> None:
        """Run the statement, without an answer. Arguments are those of `arguments`, here and below."""
        await connection.execute(self.text, *self.arguments(rows, **named))

    async def change(self, connection: Connection, rows: Sequence[Any] | None = None, /, **named: Any) -> int:
        """Run the statement, and return how many rows it inserted, updated or deleted."""
        status = await connection.execute(self.text, *self.arguments(rows, **named))
        return int(status.rpartition(" ")[2])

    async def fetch(self, connection: Connection, rows: Sequence[Any] | None = None, /, **named: Any) -> list[Any]:
        """Return every row."""
        return list(await connection.fetch(self.text, *self.arguments(rows, **named)))

    async def rows(self, connection: Connection, **named: Any) -> AsyncIterator[Any]:
        """Yield every row, in a transaction. They come a piece at a time, and others go on in between."""
        async for row in connection.cursor(self.text, *self.arguments(**named), prefetch=_PIECE):
            yield row

    async def fetchrow(self, connection: Connection, rows: Sequence[Any] | None = None, /, **named: Any) -> Any:
        """Return the first row; None when there is none."""
        return await connection.fetchrow(self.text, *self.arguments(rows, **named))

    async def fetchval(self, connection: Connection, rows: Sequence[Any] | None = None, /, **named: Any) -> Any:
        """Return the first value of the first row; None when there is none."""
        return await connection.fetchval(self.text, *self.arguments(rows, **named))


def array(numbers: Iterable[int]) -> str:
    """Return numbers as PostgreSQL writes an array of them, for a parameter that has one for each of many rows."""
    return f"{{{str(list(numbers))[1:-1]}}}"  # the quickest way: new names have two dozen each


def text_array(texts: Iterable[str]) -> str:
    """Return texts as PostgreSQL writes an array of them, for a parameter as that of `array`."""
    escaped = (each.replace("\\", "\\\\").replace('"', '\\"') for each in texts)
    return "{" + ",".join(f'"{each}"' for each in escaped) + "}"


def _columns(rows: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True))


def _read() -> dict[str, str]:
    """Return the statements as they are written."""
    written: dict[str, str] = {}
    root = Path(__file__).parent / "sql"
    for path in sorted(root.rglob("*.sql")):
        parts = _HEADING.split(path.read_text(encoding="utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            if name in written or name in BLANKS:
                raise ValueError(f"storage/sql/{path.relative_to(root)}: statement {name} exists already")
            written[name] = text.strip()
    return written


def _whole(name: str, written: Mapping[str, str]) -> str:
    """Return a statement with all braces replaced that are known at import."""

    def filled(place: re.Match[str]) -> str:
        if place[1] in written:
            return _whole(place[1], written)
        if place[1] in BLANKS:
            return place[0]
        if place[1] not in FOR_SQL:
            raise ValueError(f"statement {name}: nothing is known as {place[0]}")
        return FOR_SQL[place[1]]

    return _PLACE.sub(filled, written[name])


def _load() -> tuple[Mapping[str, Statement], Mapping[str, str]]:
    written = _read()
    texts = {name: _whole(name, written) for name in written}
    ready = {name: Statement(name, text) for name, text in texts.items() if not _PLACE.search(text)}
    return MappingProxyType(ready), MappingProxyType(texts)


#: Statements that are ready to run, and the text of each, with its parameters by name.
SQL, TEXTS = _load()
#: The text of statements that wait for a filter.
TEMPLATES = MappingProxyType({name: text for name, text in TEXTS.items() if name not in SQL})
