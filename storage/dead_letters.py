"""Keeps what was refused, for people to read; the dead-letter topic has it for machines."""

import base64
import json
from collections.abc import Sequence

from schemas.dead_letter import DeadLetter
from storage.database import Connection
from storage.statements import SQL


async def insert_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Write them; those that are there already, by an earlier delivery, are left alone."""
    rows = [
        (
            each.account,
            each.id,
            each.refusal.code.value,
            each.refusal.reason.replace("\x00", "\ufffd").encode("utf-8", "replace").decode(),
            each.topic,
            each.partition,
            each.offset,
            each.position,
            each.key,
            json.dumps([[name.replace("\x00", "\ufffd"), _base64(value)] for name, value in each.headers]),
            each.value,
            len(each.value),
        )
        for each in letters
    ]
    await connection.execute(SQL["insert_dead_letters"], *zip(*rows, strict=True))


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
