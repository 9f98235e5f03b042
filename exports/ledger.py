"""The items of a command as a file: written as they are read, so that a million take no more memory than a page."""

from collections.abc import Sequence

from exports.csv import BYTE_ORDER_MARK, csv_line, guarded
from schemas.catalogue import Language
from schemas.export import ExportOrder
from schemas.shown.command import ReprocessItem
from storage.database import Database
from storage.exports.reader import Write
from storage.reprocess.reader import all_items

_FIELDS = list(ReprocessItem.model_fields)
_INCLUDED = set(_FIELDS)  # what is in JSON Lines beside them is for programs


async def write_items(database: Database, order: ExportOrder, command_id: str, write: Write) -> int:
    """Write the items of a command, in the order's format and language. Returns their number.

    CSV is guarded and separated as that of logs; its headings are the API's names, its times UTC. Parts are read one
    after the other: this is no snapshot. Nothing is written before the first part is read. Waits when `write` does.
    Raises StorageUnavailable.
    """
    rows = 0
    heading = BYTE_ORDER_MARK + csv_line(_FIELDS, order.language) if order.format == "csv" else ""
    async for items in all_items(database, order.account, command_id, order.item_state):
        lines = _csv(items, order.language) if order.format == "csv" else _jsonl(items)
        await write((heading + lines).encode())
        heading = ""
        rows += len(items)
    if heading:
        await write(heading.encode())
    return rows


def _csv(items: Sequence[ReprocessItem], language: Language) -> str:
    return "".join(
        csv_line(map(_cell, each.model_dump(mode="json", include=_INCLUDED).values()), language) for each in items
    )


def _jsonl(items: Sequence[ReprocessItem]) -> str:
    return "".join(f"{each.model_dump_json()}\n" for each in items)


def _cell(value: object) -> str:
    return "" if value is None else guarded(str(value))
