"""The items of a command as a file: written as they are read, so that a million take no more memory than a page."""

from collections.abc import Sequence
from datetime import datetime

from exports.csv import BYTE_ORDER_MARK, csv_line, guarded
from schemas.catalogue import Language
from schemas.columns import ITEM_COLUMNS, Kind
from schemas.export import ExportOrder
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from schemas.shown.command import ReprocessItem
from schemas.timestamp import to_text
from schemas.words import word
from storage.database import Database
from storage.exports.reader import Write
from storage.reprocess.reader import all_items


async def write_items(database: Database, order: ExportOrder, command_id: str, write: Write) -> int:
    """Write the items of a command, in the order's format and language. Returns their number.

    CSV is guarded and separated as that of logs; its headings, words and sentences are in the order's language, its
    times UTC. JSON Lines have the API's names. Parts are read one after the other: this is no snapshot.
    Nothing is written before the first part is read. Waits when `write` does. Raises StorageUnavailable.
    """
    rows = 0
    heading = BYTE_ORDER_MARK + csv_line(_headings(order.language), order.language) if order.format == "csv" else ""
    async for items in all_items(database, order.account, command_id, order.item_state):
        lines = _csv(items, order.language) if order.format == "csv" else _jsonl(items)
        await write((heading + lines).encode())
        heading = ""
        rows += len(items)
    if heading:
        await write(heading.encode())
    return rows


def _csv(items: Sequence[ReprocessItem], language: Language) -> str:
    cells = [(column.name, column.kind) for column in ITEM_COLUMNS]
    return "".join(
        csv_line((_cell(getattr(each, name), kind, language) for name, kind in cells), language) for each in items
    )


def _headings(language: Language) -> list[str]:
    return [column.heading(language, "UTC") for column in ITEM_COLUMNS]


def _jsonl(items: Sequence[ReprocessItem]) -> str:
    return "".join(f"{each.model_dump_json()}\n" for each in items)


def _cell(value: object, kind: Kind, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, Reason):
        return guarded(say(value, language))
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, list):
        return guarded(" ".join(value))
    match kind:
        case "status" | "state" | "mode":
            return guarded(word(kind, str(value), language))
        case _:
            return guarded(str(value).lower() if kind == "flag" else str(value))
