"""The audit of dead letters: who redrove, edited or erased them, and why. Rows are added; none is ever changed."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.redrive import LetterAct
from storage.database import Connection
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL


class Author(NamedTuple):
    """A person who acts, and why."""

    requested_by: str
    reason: str | None
    key: UsedKey = NO_KEY


async def add_act(
    connection: Connection,
    account: str,
    action: LetterAct,
    author: Author,
    *,
    letters: int,
    request: Mapping[str, Any],
    redrive_id: uuid.UUID | None = None,
) -> None:
    """Add one act, in its transaction. `request` says which letters, without a text that was searched for."""
    await SQL["insert_dead_letter_audit"].execute(
        connection,
        account=account,
        action=action,
        redrive_id=redrive_id,
        letters=letters,
        request=json.dumps(request),
        requested_by=author.requested_by,
        key_id=author.key.key_id,
        key_name=author.key.key_name,
        reason=author.reason,
    )
