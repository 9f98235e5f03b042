"""Stores batches of results: attempts, status logs, aliases, and what answers a retry, in one transaction."""

from collections.abc import Sequence

from schemas.result import Result
from storage.database import Connection
from storage.reprocess.writer import record_answers
from storage.statements import SQL


async def store(connection: Connection, results: Sequence[Result]) -> list[Result]:
    """Write one batch, in the order in which it was delivered. Returns those whose id another event has already.

    Of such two events the first one counts, and the other is no second delivery but a connector's mistake.

    Safe to repeat, in any order and mixture: a result that is there already changes nothing.
    All or nothing within the caller's transaction. Raises StorageUnavailable, or RowRefused when PostgreSQL
    refuses some value of the batch, without saying whose.
    """
    fresh = _first_of_each(results)
    received = await connection.fetchval(SQL["fold"], *_columns(fresh))
    aliases = [
        (each.account, each.log_id, each.integration_type, name, value)
        for each in fresh
        for name, value in each.aliases.items()
    ]
    if aliases:
        await connection.execute(SQL["add_aliases"], *zip(*aliases, strict=True))
    answers = [each for each in fresh if each.correlation_id is not None]
    if answers:
        await record_answers(connection, answers)
    conflicts = _conflicts_within(results)
    if received < len(fresh):
        conflicts += await _conflicts_with_earlier(connection, fresh)
    return conflicts


async def _conflicts_with_earlier(connection: Connection, fresh: Sequence[Result]) -> list[Result]:
    """Results of `fresh` that were refused as received, and are not what was received.

    Bodies are compared of those only: sending all of a batch once more costs a third of storing it.
    """
    refused = await _ids(connection, "find_refused", [(each.id,) for each in fresh])
    rows = [(each.account, each.id, each.log_id, each.processed_at, each.body) for each in fresh if each.id in refused]
    found = await _ids(connection, "find_conflicts", rows) if rows else set()
    return [each for each in fresh if each.id in found]


async def _ids(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> set[str]:
    """The result ids that a statement answers when it is given the columns of `rows`."""
    return {row["result_id"].hex for row in await connection.fetch(SQL[statement], *zip(*rows, strict=True))}


def _conflicts_within(results: Sequence[Result]) -> list[Result]:
    """Results that came in this very batch before, with another body."""
    first: dict[str, Result] = {}
    return [each for each in results if first.setdefault(each.id, each).body != each.body]


def _first_of_each(results: Sequence[Result]) -> list[Result]:
    """Without later copies of the same result: one statement can't meet a row twice."""
    once: dict[str, Result] = {}
    for each in results:
        once.setdefault(each.id, each)
    return list(once.values())


def _columns(results: Sequence[Result]) -> list[list[object]]:
    """The arrays that `fold` takes."""
    newest: dict[str, bytes] = {}
    late: list[object] = []
    for each in results:
        known = newest.get(each.log_id, b"")
        late.append(each.version < known)
        newest[each.log_id] = max(each.version, known)
    return [
        [each.account for each in results],
        [each.id for each in results],
        [each.log_id for each in results],
        [each.integration_type for each in results],
        [each.affiliate for each in results],
        [each.key for each in results],
        [each.status for each in results],
        [each.processed_at for each in results],
        [each.version for each in results],
        [each.source for each in results],
        [each.event_id for each in results],
        [each.message for each in results],
        [each.code for each in results],
        [each.fingerprint for each in results],
        [each.correlation_id for each in results],
        [each.body for each in results],
        [each.structured for each in results],
        [each.altered for each in results],
        late,
    ]
