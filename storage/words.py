"""Keeps the words of messages quick to find."""

from storage.database import Connection
from storage.statements import SQL


async def index_words(connection: Connection) -> int:
    """Put the words that wait into their index. Returns how many pages of them there were.

    Searches find the same before and after.
    """
    return int(await connection.fetchval(SQL["index_words"]))
