"""Changes that people make to dead letters: edited values, and erasures."""

import json
import uuid

from schemas.redrive import LetterChoice
from storage.database import Database
from storage.dead_letters import Reach, choosing, count_dead_letters
from storage.letter_audit import Author, add_act
from storage.statements import SQL

#: Letters that one transaction erases.
ERASED_AT_ONCE = 500


async def edit_letter(
    writer: Database, account: str, letter_id: uuid.UUID, value: bytes, *, letter_account: str, author: Author
) -> int | None:
    """Keep a new value of a waiting letter beside its own. Returns its number; None when the letter does not wait.

    `account`: whose audit has it; `letter_account`: "" for a letter that is nobody's.
    """
    async with writer.transaction() as connection:
        number: int | None = await SQL["insert_dead_letter_edit"].fetchval(
            connection,
            account=letter_account,
            id=letter_id,
            value=value,
            requested_by=author.requested_by,
            key_name=author.key.key_name,
            reason=author.reason,
        )
        if number is not None:
            request = {"ids": [str(letter_id)]}
            await add_act(connection, account, "edited", author, letters=1, request=request)
    return number


async def count_erasable(database: Database, reach: Reach, choice: LetterChoice) -> int:
    """Return how many letters an erasure of this choice would take."""
    counts = await count_dead_letters(database, reach, choice.meant, choice.ids)
    return counts.total - counts.by_state.get("queued", 0) - counts.by_state.get("erased", 0)


async def erase_letters(writer: Database, reach: Reach, choice: LetterChoice, author: Author) -> int:
    """Erase the bytes of the letters of a choice, and return how many. Letters that are queued are left.

    Each transaction erases some and keeps the act; after a crash the same again erases the rest. The search of a
    filter must not depend on what is erased: each letter is found before it is.
    """
    erased = 0
    while True:
        async with writer.transaction() as connection:
            found = await SQL["dead_letters_to_erase"].fetch(
                connection, **choosing(reach, choice.meant, choice.ids), most=ERASED_AT_ONCE
            )
            if not found:
                return erased
            gone: int = await SQL["erase_dead_letters"].fetchval(
                connection,
                accounts=[row["account"] for row in found],
                ids=[row["id"] for row in found],
                account=reach.account,
                request=json.dumps(choice.trail()),
                requested_by=author.requested_by,
                key_id=author.key.key_id,
                key_name=author.key.key_name,
                reason=author.reason,
            )
        erased += gone
        if not gone:  # others erased them meanwhile, or a redrive took them
            return erased
