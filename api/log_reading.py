"""Reading status logs on behalf of a caller: the same for the API and for the pages."""

from fastapi import Request

from api.actions import actions_for
from storage import affiliates
from storage.access_keys import Grant
from storage.log_reader import LogReader


async def reader_for(request: Request, grant: Grant, account: str) -> LogReader:
    """A reader whose logs say what the caller may do with them now, affiliates that are paused included."""
    database = request.app.state.reader
    async with database.reading(account) as connection:
        paused = await affiliates.paused(connection, account)
    return LogReader(database, actions_for(grant, request.app.state.policy, paused))
