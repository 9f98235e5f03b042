"""Rows as the arrays of an `unnest`."""

from collections.abc import Sequence
from typing import Any


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """One list a column; `width` is for when there is no row."""
    return [[row[column] for row in rows] for column in range(width)]
