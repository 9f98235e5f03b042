"""CSV and JSON Lines, written as the database gives them."""

from exports.csv import csv_heading, csv_view
from exports.names import log_link
from schemas.export import ExportOrder
from storage.database import Database
from storage.exports.reader import Write, snapshot


async def write_rows(database: Database, order: ExportOrder, write: Write, *, seconds: float) -> int:
    """Write all logs that the order's filter matches, in its format. Returns their number.

    Waits when `write` does; meanwhile PostgreSQL keeps its snapshot. Nothing is written before the first row is read,
    so that an export that fails at once has written nothing. Raises StorageUnavailable or RowRefused.
    """
    link = log_link(order)
    async with snapshot(database, order.account, order.integration_type, order.filter, seconds=seconds) as matched:
        if order.format == "jsonl":
            return await matched.copy_jsonl(link, write)
        heading: list[bytes] = [csv_heading(order)]

        async def after_heading(data: bytes) -> None:
            await write(heading.pop() + data if heading else data)

        rows = await matched.copy_csv(csv_view(order, link), after_heading)
        if heading:
            await write(heading.pop())
        return rows
