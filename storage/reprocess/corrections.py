"""Corrections of kept requests: judged by the request that a log shows, stored with the items that are sent."""

import asyncio
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.correction import Corrected, Correction, Difference, KeptCorrection, corrected
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.redaction import Redaction
from schemas.reprocess import ReprocessRequest
from schemas.verdict import REASONS
from storage.database import Connection
from storage.statements import SQL

#: Requests that are read at once: each may have almost a megabyte.
_AT_ONCE = 20


class _Item(NamedTuple):
    account: str
    id: uuid.UUID


class ShownRequest(NamedTuple):
    """The result that a log shows, with its kept request."""

    affiliate: str
    event_id: str
    request: str | None  # JSON; None: none is kept


async def shown_requests(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, ShownRequest]:
    """Return what the logs of this account and type among `log_ids` show. The caller keeps them few."""
    rows = await SQL["shown_requests"].fetch(
        connection, account=account, integration_type=integration_type, log_ids=log_ids
    )
    return {row["id"]: ShownRequest(row["affiliate"], row["event_id"], row["request"]) for row in rows}


async def judge_corrections(
    connection: Connection, policy: Policy, asked: ReprocessRequest, redaction: Redaction | None = None
) -> dict[uuid.UUID, KeptCorrection | Reason]:
    """Return each correction of a command as it is kept, by log, or why it can't be made; none of a log that is not.

    One whose log shows another result by now is refused as changed since, as the verdict on its item says it. It takes
    up to some seconds, most of them in threads: not for a transaction that has locked anything.
    """
    judged: dict[uuid.UUID, KeptCorrection | Reason] = {}
    wanted = asked.corrections or []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        ids = [each.log_id for each in some]
        shown = await shown_requests(connection, asked.account, asked.integration_type, ids)
        judged |= await asyncio.to_thread(_judged, some, shown, policy, asked.integration_type, redaction)
    return judged


def _judged(
    some: Sequence[Correction],
    shown: Mapping[uuid.UUID, ShownRequest],
    policy: Policy,
    integration_type: str,
    redaction: Redaction | None,
) -> dict[uuid.UUID, KeptCorrection | Reason]:
    judged: dict[uuid.UUID, KeptCorrection | Reason] = {}
    for each in some:
        if (found := shown.get(each.log_id)) is None:
            continue
        if found.event_id != each.event_id:
            judged[each.log_id] = REASONS[ItemState.CHANGED_SINCE]
            continue
        editable = policy.for_(integration_type, found.affiliate).correctable
        made = corrected(found.request, each.changes, editable, redaction)
        judged[each.log_id] = made.kept if isinstance(made, Corrected) else made
    return judged


async def insert_corrections(
    connection: Connection, account: str, made: Iterable[tuple[uuid.UUID, uuid.UUID, KeptCorrection]]
) -> None:
    """Store the corrections of items, each given as its item, its log and itself."""
    rows = list(made)
    if rows:
        await SQL["insert_corrections"].execute(
            connection,
            account=account,
            id=[item for item, _log, _correction in rows],
            log_id=[log for _item, log, _correction in rows],
            changes=[json.dumps(each.differences, ensure_ascii=False) for _item, _log, each in rows],
            digest=[each.digest for _item, _log, each in rows],
        )


async def get_corrections(
    connection: Connection, account: str, items: Sequence[uuid.UUID]
) -> dict[uuid.UUID, KeptCorrection]:
    """Return what was corrected for items of one account, by item."""
    return await get_corrections_of(connection, [_Item(account, each) for each in items])


async def get_corrections_of(connection: Connection, items: Sequence[Any]) -> dict[uuid.UUID, KeptCorrection]:
    """Return what was corrected for items, which have `account` and `id`, by item."""
    if not items:
        return {}
    rows = await SQL["get_corrections"].fetch(connection, [_Item(each.account, each.id) for each in items])
    return {
        row["item_id"]: KeptCorrection(
            tuple(Difference(*change) for change in json.loads(row["changes"])), bytes(row["digest"])
        )
        for row in rows
    }
