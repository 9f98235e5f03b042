"""A few reprocess commands over loaded logs, in every state, written by the product's own writers."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from bench.loader.population import Account
from conexoes_connector.result_event import result_record
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.identity import command_id, item_id
from schemas.item_state import ItemState
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import Command, ReprocessRequest
from schemas.result import Result, read
from schemas.topics import Topics
from storage.reprocess.claims import QueuedItem, claim_items, open_lanes
from storage.reprocess.writer import (
    FailedItem,
    NewItem,
    SentItem,
    insert_command,
    insert_items,
    lock_logs,
    mark_failed,
    mark_sent,
    mark_silent,
)
from storage.results import store

ACCOUNTS = 5  # the biggest
ITEMS = 40  # of each command
SOURCE = "/bench/answers"
#: Outcomes of the items of a command, in turn. The last ones stay in flight.
_OUTCOMES = ("fixed", "fixed", "fixed", "same", "different", "silent", "failed", "sent")
_DIGEST = bytes(32)
_LEASE_SECONDS = 60.0
_STAYS_OPEN = timedelta(days=30)  # longer than any measurement


async def reprocess(owner: asyncpg.Connection, population: Sequence[Account], seed: int) -> int:
    """Commands for each reprocessable type of the biggest accounts. Returns how many items they have."""
    made = 0
    now = datetime.now(UTC)
    for account in population[:ACCOUNTS]:
        for kind in (each for each in CATALOGUE if each.reprocessable):
            async with owner.transaction():
                made += await _command(owner, account.name, kind.name, seed, now)
            await _end(owner, now)
    return made


async def _command(owner: asyncpg.Connection, account: str, kind: str, seed: int, now: datetime) -> int:
    found = await owner.fetch(
        "SELECT id FROM status_logs WHERE account = $1 AND integration_type = $2 AND status = 'error'"
        " ORDER BY processed_at DESC, id DESC LIMIT $3",
        account,
        kind,
        ITEMS,
    )
    if not found:
        return 0
    ids = [uuid.UUID(str(row["id"])) for row in found]
    request = ReprocessRequest(account=account, integration_type=kind, requested_by="bench", log_ids=ids)
    command = Command(id=command_id(account, f"bench/{seed}/{kind}"), requested_at=now, request=request)
    await insert_command(owner, command, None)
    logs = await lock_logs(owner, account, kind, ids, None)
    items = [NewItem(item_id(account, command.id, log), log, ItemState.QUEUED, "refresh", log=logs[log]) for log in ids]
    await insert_items(owner, account, command.id, kind, items, first=None)
    return len(items)


async def _end(owner: asyncpg.Connection, now: datetime) -> None:
    """Give each queued item its outcome."""
    async with owner.transaction():
        queued = await claim_items(
            owner, [(lane, ITEMS) for each in CATALOGUE for lane in await open_lanes(owner, each.name)], _LEASE_SECONDS
        )
        by_outcome: dict[str, list[QueuedItem]] = {name: [] for name in _OUTCOMES}
        for position, item in enumerate(queued):
            by_outcome[_OUTCOMES[position % len(_OUTCOMES)]].append(item)
        failed = by_outcome.pop("failed")
        why = Reason(ReasonCode.REFUSED_BY_KAFKA, detail="the broker refused it")
        await mark_failed(owner, [FailedItem(item.account, item.id, item.command_id, why) for item in failed])
        silent = by_outcome.pop("silent")
        sent = [(item, now + _STAYS_OPEN) for items in by_outcome.values() for item in items]
        sent += [(item, now - timedelta(minutes=1)) for item in silent]
        rows = [
            SentItem(item.account, item.id, 0, item.mode, expires_at, _DIGEST, 0, offset)
            for offset, (item, expires_at) in enumerate(sent)
        ]
        await mark_sent(owner, rows)
        await mark_silent(owner, now, ITEMS)
        answers = [
            _answer(item, outcome, now) for outcome in ("fixed", "same", "different") for item in by_outcome[outcome]
        ]
        await store(owner, await _with_fingerprints(owner, answers))


async def _with_fingerprints(owner: asyncpg.Connection, answers: list[tuple[QueuedItem, str, Result]]) -> list[Result]:
    """An answer that is the same error has the fingerprint of what was reprocessed."""
    items = [item.id for item, _, _ in answers]
    rows = await owner.fetch(
        "SELECT id, before_code, before_fingerprint FROM reprocess_items WHERE id = ANY($1::uuid[])", items
    )
    before = {row["id"]: row for row in rows}
    return [_same(result, before[item.id]) if outcome == "same" else result for item, outcome, result in answers]


def _same(result: Result, item: Any) -> Result:
    code, fingerprint = item["before_code"], item["before_fingerprint"]
    faults = (result.faults[0]._replace(code=code, fingerprint=fingerprint),)
    return result._replace(code=code, fingerprint=fingerprint, faults=faults)


def _answer(item: QueuedItem, outcome: str, now: datetime) -> tuple[QueuedItem, str, Result]:
    fault = {"code": "listing.under_review", "message": "The listing is under review"}
    data = {
        "account": item.account,
        "affiliate": item.affiliate,
        "key": item.key,
        "status": "success" if outcome == "fixed" else "error",
        "errors": None if outcome == "fixed" else [fault],
    }
    record = result_record(
        Topics(prefix="bench"),
        item.integration_type,
        data,
        source=SOURCE,
        event_id=f"answer-{item.id}",
        time=now,
        correlationid=str(item.id),
    )
    [result] = read(
        BY_NAME[item.integration_type], record.headers, record.key, record.value or b"", int(now.timestamp() * 1e9)
    )
    if not isinstance(result, Result):
        raise TypeError(f"the answer was refused: {result}")
    return item, outcome, result
