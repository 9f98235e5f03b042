"""Rows on disk between the database and the workbook.

The writer must know the number of sheets before it writes the first, and takes rows slower than PostgreSQL gives them.
With the rows on disk the snapshot ends as soon as they are read, and memory holds one chunk.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import orjson

from exports.errors import on_disk


class Spool:
    """Lists of plain values, written once and read in order. The file is removed at the end of the block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600)  # for its owner only, as the export itself
        self._file = path.open("w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()  # writes what is left of it
        finally:
            self._path.unlink(missing_ok=True)

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add a chunk. Values must be those that JSON has. Raises ExportFailed."""
        chunk = orjson.dumps(rows) + b"\n"
        with on_disk():
            self._file.write(chunk)

    def rows(self) -> Iterator[list[Any]]:
        """Yield every row from the first, in the order in which they were added."""
        self._file.seek(0)
        for line in self._file:
            yield from orjson.loads(line)
