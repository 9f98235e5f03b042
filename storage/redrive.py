"""Redrives of dead letters: made in one statement, leased by workers at their pace, settled as results are stored."""

import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from schemas.dead_letter import DeadLetter, RedriveLink
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.redrive import LetterChoice, RedriveItemState, RedriveRequest, RedriveState
from schemas.rereading import KeptLetter
from schemas.result import Result
from schemas.shown.redrive import Redrive, RedriveAct, RedriveItem
from storage.cursors import NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.database import Connection, Database
from storage.dead_letters import Reach, choosing, headers_of
from storage.letter_audit import Author, add_act
from storage.statements import SQL

#: Letters that are fetched together to be read: 2 MiB each at most.
_READ_AT_ONCE = 20
#: Reason of a letter whose result was erased, with a person or with its silent log.
RESULT_ERASED: Final = Reason(ReasonCode.RESULT_ERASED).to_json()
#: Reason of a letter that is not there any more when its turn comes.
LETTER_ERASED: Final = Reason(ReasonCode.LETTER_ERASED).to_json()
Switch = Literal["paused", "resumed", "cancelled"]
_STATES: Final[dict[Switch, tuple[RedriveState, tuple[RedriveState, ...]]]] = {
    "paused": ("paused", ("running",)),
    "resumed": ("running", ("paused",)),
    "cancelled": ("cancelled", ("running", "paused")),
}


class ClaimedLetter(NamedTuple):
    """A letter that this worker is to publish."""

    account: str  # of the redrive
    redrive_id: uuid.UUID
    number: int
    letter: KeptLetter


class SentLetter(NamedTuple):
    """A letter that Kafka took, and where."""

    account: str
    redrive_id: uuid.UUID
    number: int
    partition: int
    offset: int


class UnsentLetter(NamedTuple):
    """A letter that is not published, and why."""

    account: str
    redrive_id: uuid.UUID
    number: int
    state: Literal["still_refused", "failed"]
    reason: str  # JSON


class Redriven(NamedTuple):
    """An event of a redriven record, and what became of it."""

    letter_id: str
    redrive_id: str
    account: str  # that it names; "" when it names none
    state: Literal["stored", "conflict", "refused"]
    log_id: str | None
    again_id: str | None
    reason: str | None = None  # JSON; of one that is refused without a new dead letter


class Redrivable(NamedTuple):
    """Counts of the letters that a choice matches."""

    matched: int
    redrivable: int
    left_out: dict[str, int]  # by state
    unread: frozenset[str]  # topics for which alone some are left out


async def count_redrivable(
    database: Database, reach: Reach, choice: LetterChoice, topics: Sequence[str], as_of: datetime
) -> Redrivable:
    """Count the letters that a redrive of a choice would take, and those that it would leave."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        rows = await SQL["count_redrivable"].fetch(
            connection, **choosing(reach, choice.meant, choice.ids), topics=list(topics), as_of=as_of
        )
    left = Counter[str]()
    for row in rows:
        left[row["state"]] += row["letters"] - row["redrivable"]
    return Redrivable(
        sum(row["letters"] for row in rows),
        sum(row["redrivable"] for row in rows),
        {state: number for state, number in left.items() if number},
        frozenset(row["topic"] for row in rows if row["of_no_results"]),
    )


async def letters_to_read(
    database: Database, reach: Reach, choice: LetterChoice, topics: Sequence[str], as_of: datetime
) -> AsyncIterator[KeptLetter]:
    """Yield the letters that a redrive of a choice would take, as it would publish them, the oldest first."""
    after: TimeAndId = OLDEST_BY_ID
    while True:
        async with database.reading(reach.account, every_account=reach.every_account) as connection:
            rows = await SQL["letters_to_read"].fetch(
                connection,
                **choosing(reach, choice.meant, choice.ids),
                topics=list(topics),
                as_of=as_of,
                after_at=after[0],
                after_id=after[1],
                limit=_READ_AT_ONCE,
            )
        for row in rows:
            yield _kept(row, row["id"], row["account"])
        if len(rows) < _READ_AT_ONCE:
            return
        after = rows[-1]["received_at"], rows[-1]["id"]


async def make_redrive(
    writer: Database, reach: Reach, asked: RedriveRequest, author: Author, *, topics: Sequence[str], as_of: datetime
) -> uuid.UUID:
    """Queue the letters of a request, with its entry in the audit, in one transaction. Returns the id of the redrive.

    A letter that another redrive has taken is not taken again, so that the same request twice sends nothing twice.
    """
    redrive_id = uuid.uuid4()
    async with writer.transaction() as connection:
        letters = await SQL["make_redrive"].fetchval(
            connection,
            **choosing(reach, asked.meant, asked.ids),
            topics=list(topics),
            as_of=as_of,
            redrive_id=redrive_id,
            per_second=asked.per_second,
            request=json.dumps(asked.trail()),
            requested_by=author.requested_by,
            key_name=author.key.key_name,
            reason=author.reason,
        )
        await add_act(
            connection,
            reach.account,
            "redriven",
            author,
            letters=letters,
            request=asked.trail(),
            redrive_id=redrive_id,
        )
    return redrive_id


async def switch_redrive(writer: Database, account: str, redrive_id: uuid.UUID, to: Switch, author: Author) -> bool:
    """Pause, resume or cancel. Returns False when the redrive is not in a state for that, and changes nothing then.

    Letters that a worker has leased may still be sent after this.
    """
    state, of = _STATES[to]
    async with writer.transaction() as connection:
        letters = await SQL["switch_redrive"].fetchval(
            connection, account=account, id=redrive_id, to=state, of=list(of)
        )
        if letters is None:
            return False
        if to == "cancelled":
            letters = await SQL["cancel_redrive_items"].fetchval(connection, account=account, id=redrive_id)
        await add_act(connection, account, to, author, letters=letters, request={}, redrive_id=redrive_id)
    return True


async def claim_letters(
    connection: Connection, *, most: int, most_bytes: int, lease_seconds: float, but: Sequence[uuid.UUID] = ()
) -> list[ClaimedLetter]:
    """Lease the next letters of one running redrive, as many as its pace allows now; none when nothing is due.

    `but`: redrives of which none are leased.
    """
    rows = await SQL["claim_redrive"].fetch(
        connection,
        most=most,
        most_bytes=most_bytes,
        lease_seconds=lease_seconds,
        but=list(but),
        letter_erased=LETTER_ERASED,
    )
    return [
        ClaimedLetter(
            row["account"],
            row["redrive_id"],
            row["number"],
            _kept(row, row["letter_id"], row["letter_account"])._replace(redrive_id=str(row["redrive_id"])),
        )
        for row in rows
    ]


async def release_letters(connection: Connection, claimed: Sequence[ClaimedLetter]) -> None:
    """End the lease of letters that were not sent."""
    if claimed:
        await SQL["release_redrive"].execute(connection, claimed)


async def step_back(connection: Connection, account: str, redrive_id: uuid.UUID, seconds: float) -> None:
    """Lease nothing of a redrive for so long: others go first."""
    await SQL["step_back_redrive"].execute(connection, account=account, id=redrive_id, seconds=seconds)


async def mark_letters(connection: Connection, sent: Sequence[SentLetter], unsent: Sequence[UnsentLetter]) -> None:
    """Record what was sent, and what was not."""
    if sent:
        await SQL["mark_redriven"].execute(connection, sent)
    if unsent:
        await SQL["mark_not_redriven"].execute(connection, unsent)


async def settle_results(
    connection: Connection, results: Sequence[tuple[RedriveLink, Result]], conflicts: Sequence[Result]
) -> None:
    """Link redriven letters with their results, in the transaction that stores these.

    `conflicts`: as `store` returns them, one result for all with its id and body. What was erased is not stored again:
    its letter is refused.
    """
    used = {(each.id, each.body) for each in conflicts}
    ids = [result.id for _link, result in results]
    erased = {row["result_id"].hex for row in await SQL["find_erased"].fetch(connection, ids=ids)}
    outcomes = []
    for link, result in results:
        if result.id in erased:
            outcome = Redriven(*link, result.account, "refused", None, None, RESULT_ERASED)
        else:
            state: Literal["conflict", "stored"] = "conflict" if (result.id, result.body) in used else "stored"
            outcome = Redriven(*link, result.account, state, result.log_id, None)
        outcomes.append(outcome)
    await _settle(connection, outcomes)


async def settle_refused(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Link redriven letters that were refused again with the new ones, in the transaction that inserts these."""
    await _settle(
        connection,
        [Redriven(*each.link, each.account, "refused", None, each.id) for each in letters if each.link is not None],
    )


async def _settle(connection: Connection, outcomes: Sequence[Redriven]) -> None:
    if outcomes:
        await SQL["settle_redriven"].execute(connection, outcomes)


async def list_redrives(database: Database, reach: Reach, *, after: TimeAndId | None, limit: int) -> list[Redrive]:
    """Return the newest `limit` redrives after `after`."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        return [_redrive(row, []) for row in await _rows(connection, reach, after=after, limit=limit)]


async def get_redrive(database: Database, reach: Reach, redrive_id: uuid.UUID) -> Redrive | None:
    """Return one redrive, with what people did to it; None when the account has none of that id."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        rows = await _rows(connection, reach, redrive_id)
        acts = await SQL["list_redrive_acts"].fetch(connection, account=reach.account, id=redrive_id)
    return _redrive(rows[0], acts) if rows else None


async def _rows(
    connection: Connection,
    reach: Reach,
    redrive_id: uuid.UUID | None = None,
    *,
    after: TimeAndId | None = None,
    limit: int = 1,
) -> list[Any]:
    """Return the rows of redrives, the newest first; with `redrive_id`, of that one alone."""
    at, id_ = after or NEWEST_BY_ID
    return await SQL["list_redrives"].fetch(
        connection,
        account=reach.account,
        every_account=reach.every_account,
        id=redrive_id,
        after_at=at,
        after_id=id_,
        limit=limit,
    )


async def list_redrive_items(
    database: Database,
    reach: Reach,
    redrive_id: uuid.UUID,
    *,
    state: RedriveItemState | None,
    after: int | None,
    limit: int,
) -> list[RedriveItem]:
    """Return the letters of a redrive, of one state if one is given, after a number."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        rows = await SQL["list_redrive_items"].fetch(
            connection,
            account=reach.account,
            every_account=reach.every_account,
            redrive_id=redrive_id,
            state=state,
            after=max(after or 0, 0),
            limit=limit,
        )
    return [
        RedriveItem(
            **dict(row)
            | {name: None if row[name] is None else str(row[name]) for name in ("letter_id", "log_id", "again_id")}
            | {"reason": None if row["reason"] is None else Reason.from_json(row["reason"])}
        )
        for row in rows
    ]


async def count_letters_of_log(database: Database, account: str, log_id: uuid.UUID) -> int:
    """Return how many dead letters became results of a log."""
    async with database.reading(account) as connection:
        letters: int = await SQL["count_letters_of_log"].fetchval(connection, account=account, log_id=log_id)
    return letters


def _redrive(row: Any, acts: Sequence[Any]) -> Redrive:
    return Redrive(
        id=str(row["id"]),
        account=row["account"],
        state=row["state"],
        letters=row["letters"],
        items=json.loads(row["items"] or "{}"),
        per_second=row["per_second"],
        request=json.loads(row["request"]),
        requested_by=row["requested_by"],
        requested_with=row["key_name"],
        reason=row["reason"],
        requested_at=row["requested_at"],
        acts=[
            RedriveAct(
                action=each["action"],
                at=each["at"],
                letters=each["letters"],
                requested_by=each["requested_by"],
                requested_with=each["key_name"],
                reason=each["reason"],
            )
            for each in acts
        ],
    )


def _kept(row: Any, letter_id: uuid.UUID, account: str) -> KeptLetter:
    key = row["key"]
    return KeptLetter(
        str(letter_id),
        account,
        row["topic"],
        None if key is None else bytes(key),
        headers_of(row["headers"]),
        bytes(row["value"]),
    )
