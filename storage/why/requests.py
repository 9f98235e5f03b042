"""The requests of an affected entity beside its last successful ones."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schemas.raw_json import RawJson
from schemas.shown.why import RequestChange, RequestDifference
from schemas.why.changed import Requests, compare
from storage.database import Connection
from storage.statements import SQL
from storage.why.seen import Seen, fields_of, has_parts, operation_of

#: Entities that are compared, the newest failures first; as many as four times are looked for.
ENTITIES: Final = 8
#: Successes of each, of which two of the same operation are compared.
_EACH, _MOST_BYTES = 4, 32 * 1024


async def read_successes(connection: Connection, account: str, seen: Sequence[Seen]) -> dict[uuid.UUID, list[Any]]:
    """Read the last successes before the failure, of the newest affected entities that can be compared."""
    failed = sorted((each for each in seen if each.is_comparable), key=lambda each: each.looked.at)[-4 * ENTITIES :]
    rows = await SQL["why_successes"].fetch(
        connection,
        account=account,
        log_ids=[each.log_id for each in failed],
        before=[each.looked.at for each in failed],
        most_bytes=_MOST_BYTES,
        each=_EACH,
    )
    found: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row["log_id"], []).append(row)
    return found


def difference_of(affected: Sequence[Seen], successes: Mapping[uuid.UUID, Sequence[Any]]) -> RequestDifference | None:
    """Compare requests of the same operation, the newest failure first. Pure; some milliseconds an entity."""
    found: list[tuple[Seen, Requests, datetime]] = []
    for each in sorted(affected, key=lambda one: one.looked.at, reverse=True):
        good = _requests(successes.get(each.log_id, ()), each.operation)
        if each.request is not None and good:
            at, succeeded = good[0]
            found.append((each, Requests(each.request, succeeded, good[1][1] if len(good) > 1 else None), at))
    found = found[:ENTITIES]
    compared = compare([requests for _, requests, _ in found])
    if compared is None:
        return None
    first, _, succeeded_at = found[0]
    return RequestDifference(
        log_id=str(first.log_id),
        key=first.key,
        failed_at=first.looked.at,
        succeeded_at=succeeded_at,
        changes=[
            RequestChange(**each.change._asdict(), entities=each.entities, usual=each.usual)
            for each in compared.changes
        ],
        cut=compared.cut,
        entities=compared.entities,
        usual_of=compared.usual_of,
    )


def _requests(rows: Sequence[Any], operation: str | None) -> list[tuple[datetime, RawJson]]:
    """Return the requests of successes with their times: of one operation, and with parts that can be compared."""
    found = []
    for row in rows:
        fields = fields_of(row)[1]
        request = fields.get("request")
        if request is not None and has_parts(request) and operation_of(fields) == operation:
            found.append((row["processed_at"], request))
    return found
