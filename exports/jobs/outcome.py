"""Follows one export to its end, and writes the end into the audit."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from exports.errors import CallerLeft, ExportFailed, ServerStopped
from schemas.export import ExportOrder, ExportOutcome
from storage.database import Database
from storage.errors import StorageError
from storage.exports.audit import record_outcome

log = structlog.get_logger(__name__)

_TOO_LONG = "It took longer than CONEXOES_EXPORT_SECONDS and was given up."
_NO_DATABASE = "The database could not be read to the end. Try again, or with a narrower filter."


@dataclass
class Outcome:
    """How it ended; what is made sets `rows`."""

    state: ExportOutcome = "failed"
    rows: int | None = None
    reason: str | None = None


@asynccontextmanager
async def followed(database: Database, order: ExportOrder, export_id: uuid.UUID) -> AsyncIterator[Outcome]:
    """What happens in the block is the export; how it ends is recorded, and every exception goes on."""
    outcome = Outcome()
    try:
        yield outcome
        outcome.state = "done"
    except (CallerLeft, ExportFailed, ServerStopped, StorageError, OSError, asyncio.CancelledError) as exc:
        outcome.state, outcome.reason = _explain(exc)
        raise
    except BaseException:
        outcome.reason = "Something went wrong here; it was logged."
        raise
    finally:
        await asyncio.shield(_record(database, order, export_id, outcome))


def _explain(exc: BaseException) -> tuple[ExportOutcome, str]:
    if isinstance(exc, CallerLeft | asyncio.CancelledError):
        return ("cancelled", str(exc) or "It was cancelled.")
    if isinstance(exc, ServerStopped):
        return ("lost", str(exc))
    log.warning("export failed", reason=str(exc) or type(exc).__name__)
    if isinstance(exc, TimeoutError):
        return ("failed", _TOO_LONG)
    return ("failed", _NO_DATABASE if isinstance(exc, StorageError) else str(exc))


async def _record(database: Database, order: ExportOrder, export_id: uuid.UUID, outcome: Outcome) -> None:
    """The export itself has ended: a database that is away now leaves it `unfinished`, and nothing else goes wrong."""
    try:
        await record_outcome(
            database, order.account, export_id, outcome.state, rows=outcome.rows, reason=outcome.reason
        )
    except StorageError as exc:
        log.warning("outcome not recorded", export=str(export_id), state=outcome.state, reason=str(exc))
