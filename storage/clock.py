"""The one clock that all workers share."""

from datetime import datetime

from storage.database import Connection
from storage.statements import SQL


async def clock(connection: Connection) -> datetime:
    """PostgreSQL's time of this moment, also in a transaction that began long ago.

    What is compared with times that PostgreSQL wrote must be of its clock: a worker's may be minutes off.
    """
    at: datetime = await connection.fetchval(SQL["clock"])
    return at
