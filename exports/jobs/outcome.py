"""Outcome of an export: it is followed to its end, which is written into the audit."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from exports.errors import BUG, CallerLeft, ExportFailed, ServerStopped, why_failed
from schemas.export import ExportOrder, ExportOutcome
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.database import Database
from storage.errors import StorageError
from storage.exports.audit import record_outcome

log = structlog.get_logger(__name__)


@dataclass
class Outcome:
    """Outcome of one export; its maker sets `rows`."""

    state: ExportOutcome = "failed"
    rows: int | None = None
    reason: Reason | None = None


@asynccontextmanager
async def followed(database: Database, order: ExportOrder, export_id: uuid.UUID) -> AsyncIterator[Outcome]:
    """Record the outcome of the export that is made in the block. Every exception of the block goes on."""
    outcome = Outcome()
    try:
        yield outcome
        outcome.state = "done"
    except (CallerLeft, ExportFailed, ServerStopped, StorageError, OSError, asyncio.CancelledError) as exc:
        outcome.state, outcome.reason = explain(exc)
        if outcome.state == "failed":
            log.warning("export failed", reason=str(exc) or type(exc).__name__)
        raise
    except BaseException:
        outcome.reason = BUG
        raise
    finally:
        await asyncio.shield(_record(database, order, export_id, outcome))


def explain(exc: BaseException) -> tuple[ExportOutcome, Reason]:
    """Return the outcome of an export that raised `exc`, and its reason."""
    if isinstance(exc, CallerLeft | asyncio.CancelledError):
        return ("cancelled", exc.reason if isinstance(exc, CallerLeft) else Reason(ReasonCode.EXPORT_CANCELLED))
    if isinstance(exc, ServerStopped):
        return ("lost", exc.reason)
    return ("failed", why_failed(exc))


async def _record(database: Database, order: ExportOrder, export_id: uuid.UUID, outcome: Outcome) -> None:
    """Record the outcome of an ended export. An unavailable database leaves it `unfinished`, and raises nothing."""
    try:
        await record_outcome(
            database, order.account, export_id, outcome.state, rows=outcome.rows, reason=outcome.reason
        )
    except StorageError as exc:
        log.warning("outcome not recorded", export=str(export_id), state=outcome.state, reason=str(exc))
