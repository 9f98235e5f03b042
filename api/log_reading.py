"""Reading status logs on behalf of a caller: the same for the API and for the pages."""

from fastapi import Request

from api.actions import actions_for
from storage.access_keys import Grant
from storage.log_reader import LogReader


def reader_for(request: Request, grant: Grant) -> LogReader:
    """A reader for one answer, whose logs say what the caller may do with them now."""
    return LogReader(request.app.state.reader, actions_for(grant, request.app.state.policy))
