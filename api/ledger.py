"""The items of a command as a file: written as they are read, so that a million needs no more memory than a page."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Literal

from schemas.status_log import ReprocessItem

Format = Literal["csv", "jsonl"]
Encode = Callable[[Sequence[ReprocessItem]], str]

MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_FIELDS = list(ReprocessItem.model_fields)
#: A cell that begins so is a formula to a spreadsheet, and its text may come from anyone.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def lines(format_: Format, parts: AsyncIterable[Sequence[ReprocessItem]]) -> AsyncIterator[str]:
    """The file, a part at a time. CSV is RFC 4180 with a heading; JSON Lines has one object a line."""
    if format_ == "csv":
        yield _row(_FIELDS)
    encode: Encode = _csv if format_ == "csv" else _jsonl
    async for items in parts:
        yield encode(items)


def _csv(items: Sequence[ReprocessItem]) -> str:
    return "".join(_row([_cell(value) for value in each.model_dump(mode="json").values()]) for each in items)


def _jsonl(items: Sequence[ReprocessItem]) -> str:
    return "".join(f"{each.model_dump_json()}\n" for each in items)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
