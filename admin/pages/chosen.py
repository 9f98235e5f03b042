"""Rows that were chosen one by one, read for their plan."""

import asyncio
import uuid
from collections.abc import Sequence

from schemas.status_log import StatusLog
from storage.log_reader import LogReader

_AT_ONCE = 6


async def read_chosen(
    reader: LogReader, account: str, integration_type: str, ids: Sequence[uuid.UUID]
) -> list[StatusLog]:
    """Those of `ids` that this account and type has, in their order."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(log_id: uuid.UUID) -> StatusLog | None:
        async with turns:
            found = await reader.one(account, integration_type, log_id)
            return None if found is None else found.log

    return [each for each in await asyncio.gather(*(one(each) for each in ids)) if each is not None]
