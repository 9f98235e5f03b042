"""Keeps what goes wrong with one message from all others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from storage.database import Connection, translated
from storage.errors import StorageUnavailable

log = structlog.get_logger(__name__)


@asynccontextmanager
async def apart(connection: Connection, **what: Any) -> AsyncIterator[None]:
    """Run the block in a part of the transaction of its own. An error takes back that part, is logged, and ends there:
    a text that can't be written, or a value that PostgreSQL refuses, would come again after every start.

    Raises StorageUnavailable: the same work may succeed later. `what` names the work in the log.
    """
    try:
        with translated():
            async with connection.transaction():
                yield
    except StorageUnavailable:
        raise
    except Exception:
        log.exception("left out", **what)
