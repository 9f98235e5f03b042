"""Dead letters in the database, for people; the dead-letter topic has them for programs."""

import asyncio
import base64
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from schemas.dead_letter import DeadLetter
from schemas.erasure import escaped
from schemas.fault_place import place_of, text_of
from schemas.letter_filter import LetterFilter
from schemas.reasons.reason import Reason, each_of
from schemas.rereading import KeptLetter
from schemas.shown.dead_letter import (
    DeadLetterCounts,
    DeadLetterDetail,
    ShownDeadLetter,
    ShownEdit,
    ShownHeader,
    ShownPlace,
    ShownReason,
)
from schemas.text_difference import compared, difference
from storage.constants import DEAD_LETTER_BYTES
from storage.cursors import NEWEST_BY_ID, TimeAndId
from storage.database import Connection, Database
from storage.statements import SQL

#: Bytes of a value that are shown with one letter; a download has it all.
DETAIL_BYTES = 256 * 1024


class Reach(NamedTuple):
    """Limits of what a caller may see of an account's dead letters."""

    account: str
    every_account: bool  # also those that name no account
    evidence: bool  # values and headers


async def insert_dead_letters(
    connection: Connection, letters: Sequence[DeadLetter], published: Sequence[bool] | None = None
) -> None:
    """Insert dead letters; those of an earlier delivery stay as they are.

    `published`: of each, if its topic has it. Agents publish the others later. None: it has all.
    """
    await SQL["insert_dead_letters"].execute(
        connection,
        letters,
        id=[each.id for each in letters],
        code=[each.refusal.code.value for each in letters],
        reason=[each.refusal.reason.to_json() for each in letters],
        headers=[json.dumps([[_storable(name), _base64(value)] for name, value in each.headers]) for each in letters],
        value_bytes=[len(each.value) for each in letters],
        affiliate=[each.affiliate for each in letters],
        said=[each.said for each in letters],
        redrive_of=[each.redrive_of for each in letters],
        unpublished=[
            None if there else _headers_to_publish(each)
            for each, there in zip(letters, published or [True] * len(letters), strict=True)
        ],
    )


async def stored_letters(connection: Connection, accounts: Sequence[str], ids: Sequence[str]) -> set[str]:
    """Return the ids of those that are stored, of these accounts and ids, as `DeadLetter.id` has them."""
    rows = await SQL["stored_letters"].fetch(connection, account=list(accounts), id=list(ids))
    return {row["id"].hex for row in rows}


def _headers_to_publish(letter: DeadLetter) -> bytes:
    """Return the headers that its topic is to get, every one as it is; those of the table are made to be shown."""
    return json.dumps([[name, _base64(value)] for name, value in letter.header_items()]).encode()


def choosing(reach: Reach, filter_: LetterFilter, ids: Sequence[uuid.UUID] | None = None) -> dict[str, Any]:
    """Return the arguments of `dead_letters_seen`."""
    return {
        "account": reach.account,
        "every_account": reach.every_account,
        "in_values": reach.evidence,
        "ids": None if ids is None else list(ids),
        "code": list(filter_.code) or None,
        "topic": list(filter_.topic) or None,
        "affiliate": list(filter_.affiliate) or None,
        "received_from": filter_.received_from,
        "received_to": filter_.received_to,
        "state": list(filter_.state) or None,
        "log_id": filter_.log_id,
        "q": None if filter_.q is None else filter_.q.lower(),
        "q_bytes": None if filter_.q is None else escaped(filter_.q.encode()).lower(),
    }


async def list_dead_letters(
    database: Database,
    reach: Reach,
    filter_: LetterFilter,
    *,
    after: TimeAndId | None,
    limit: int,
    value_bytes: int = DEAD_LETTER_BYTES,
    places: bool = True,
) -> list[ShownDeadLetter]:
    """Return the newest `limit` of a filter after `after`, each with up to `value_bytes` of its value.

    `places`: also where in it each reason is, which takes a reading of the whole value.
    """
    at, id_ = after or NEWEST_BY_ID
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        rows = await SQL["list_dead_letters"].fetch(
            connection, **choosing(reach, filter_), after_at=at, after_id=id_, limit=limit, value_bytes=value_bytes
        )
    return [ShownDeadLetter(**_shown(row, evidence=reach.evidence, places=places)) for row in rows]


async def count_dead_letters(
    database: Database, reach: Reach, filter_: LetterFilter, ids: Sequence[uuid.UUID] | None = None
) -> DeadLetterCounts:
    """Return how many a filter matches, of those with `ids` if they are given."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        rows = await SQL["count_dead_letters"].fetch(connection, **choosing(reach, filter_, ids))
    counts: dict[str, Counter[str]] = {"code": Counter(), "topic": Counter(), "state": Counter()}
    for row in rows:
        for name, counter in counts.items():
            counter[row[name]] += row["letters"]
    return DeadLetterCounts(
        total=counts["code"].total(),
        **{f"by_{name}": dict(counter.most_common()) for name, counter in counts.items()},
    )


async def get_dead_letter(database: Database, reach: Reach, letter_id: uuid.UUID) -> DeadLetterDetail | None:
    """Return one, with its edits; None when the caller sees none of that id."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        row = await _get(connection, reach, letter_id)
        if row is None:
            return None
        edits = await SQL["list_dead_letter_edits"].fetch(connection, account=row["account"], id=letter_id)
    return DeadLetterDetail(
        **_shown(dict(row) | {"beginning": row["beginning"][:DETAIL_BYTES]}, evidence=reach.evidence),
        # Seconds for long versions that have little in common; others are served meanwhile.
        edits=await asyncio.to_thread(_edits, row["beginning"], edits, evidence=reach.evidence),
        log_id=_text(row["log_id"]),
        integration_type=row["integration_type"],
        again_id=_text(row["again_id"]),
    )


async def get_value(database: Database, reach: Reach, letter_id: uuid.UUID, edit: int | None = None) -> bytes | None:
    """Return the whole value, or that of an edit; None when there is none that the caller sees."""
    async with database.reading(reach.account, every_account=reach.every_account) as connection:
        row = await _get(connection, reach, letter_id)
        if row is None or edit is None:
            return None if row is None else bytes(row["beginning"])
        edits = await SQL["list_dead_letter_edits"].fetch(connection, account=row["account"], id=letter_id)
    return next((bytes(each["value"]) for each in edits if each["number"] == edit), None)


async def _get(connection: Connection, reach: Reach, letter_id: uuid.UUID) -> Any:
    return await SQL["get_dead_letter"].fetchrow(
        connection, account=reach.account, every_account=reach.every_account, id=letter_id
    )


def _shown(row: Any, *, evidence: bool, places: bool = True) -> dict[str, Any]:
    reason = Reason.from_json(row["reason"])
    value = bytes(row["beginning"])
    return {
        "id": str(row["id"]),
        "account": row["account"] or None,
        "affiliate": row["affiliate"],
        "code": row["code"],
        "reason": reason,
        "topic": row["topic"],
        "partition": row["partition"],
        "offset": row["offset"],
        "position": row["position"],
        "received_at": row["received_at"],
        "key": _utf8(row["key"]),
        "key_base64": _not_utf8(row["key"]),
        "headers": headers_shown(row["headers"]) if evidence else None,
        "value": text_of(value) if evidence else None,
        "value_bytes": row["value_bytes"],
        "reasons": [_reason(each, value if evidence and places else b"") for each in each_of(reason)],
        "state": row["state"],
        "state_at": row["state_at"],
        "redrive_id": _text(row["redrive_id"]),
        "redrive_of": _text(row["redrive_of"]),
    }


def _reason(reason: Reason, value: bytes) -> ShownReason:
    place = place_of(reason, value)
    return ShownReason(reason=reason, place=None if place is None else ShownPlace(**place._asdict()))


def headers_shown(stored: str) -> list[ShownHeader]:
    """Return headers as they are shown, from the JSON in which they are stored."""
    return [ShownHeader(name=name, value=_utf8(value), base64=_not_utf8(value)) for name, value in headers_of(stored)]


def kept_letter(letter: ShownDeadLetter, value: bytes) -> KeptLetter:
    """Return a letter as it would be published with this value. Its headers must be shown."""
    headers = [(each.name, _bytes(each.value, each.base64)) for each in letter.headers or ()]
    return KeptLetter(
        letter.id, letter.account or "", letter.topic, _bytes(letter.key, letter.key_base64), headers, value
    )


def _bytes(text: str | None, encoded: str | None) -> bytes | None:
    if text is not None:
        return text.encode()
    return None if encoded is None else base64.b64decode(encoded)


def headers_of(stored: str | bytes) -> list[tuple[str, bytes | None]]:
    """Return headers from the JSON in which they are stored."""
    return [(name, None if value is None else base64.b64decode(value)) for name, value in json.loads(stored)]


def _edits(original: bytes, edits: Sequence[Any], *, evidence: bool) -> list[ShownEdit]:
    versions = [original, *(bytes(each["value"]) for each in edits)]
    return [
        ShownEdit(
            number=each["number"],
            requested_by=each["requested_by"],
            requested_with=each["key_name"],
            reason=each["reason"],
            edited_at=each["edited_at"],
            difference=difference(before, after) if evidence and fits else None,
            too_long=not fits,
        )
        for each, (before, after), fits in zip(edits, pairwise(versions), compared(versions), strict=True)
    ]


def _utf8(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _not_utf8(value: bytes | None) -> str | None:
    return None if value is None or _utf8(value) is not None else base64.b64encode(value).decode()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
