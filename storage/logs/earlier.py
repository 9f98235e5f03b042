"""Words and names of the logs that were there before migration 0015, so that a search finds them like any other."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from schemas.json_document import value_of
from schemas.search.words import word_numbers
from storage.database import Connection
from storage.names import Named, write_names
from storage.statements import SQL, array

_CHUNK: Final = 5_000


async def index_earlier_logs(connection: Connection) -> int:
    """Write the words and names of every log. Returns their number. About a minute for each million logs.

    To be called in the transaction of the migration, so that no search goes without them.
    """
    count, after = 0, uuid.UUID(int=0)
    while rows := await SQL["list_earlier_logs"].fetch(connection, after_id=after, limit=_CHUNK):
        await _index(connection, rows)
        count, after = count + len(rows), rows[-1]["id"]
    return count


async def _index(connection: Connection, rows: Sequence[Any]) -> None:
    owners = [(row["account"], row["integration_type"]) for row in rows]
    of_each = zip(owners, rows, strict=True)
    named = [Named(*owner, row["id"].hex, [row["key"], *row["aliases"]], {}) for owner, row in of_each]
    await write_names(connection, named)  # the aliases themselves are moved by agents
    words = [word_numbers(*owner, _messages(row)) for owner, row in zip(owners, rows, strict=True)]
    await SQL["set_words"].execute(
        connection,
        account=[row["account"] for row in rows],
        id=[row["id"] for row in rows],
        processed_at=[row["processed_at"] for row in rows],
        version=[row["version"] for row in rows],
        words=[each and array(each) for each in words],
    )


def _messages(row: Any) -> list[str]:
    """Return the messages of the result that a log shows; the log's own where retention has deleted it."""
    data = value_of(row["data"].encode()) if row["data"] else {}
    told = [data.get("message"), *(each.get("message") for each in data.get("errors") or ()), row["message"]]
    return [each for each in told if isinstance(each, str)]
