"""The plan of a redrive: each letter read with today's rules, before anything is published."""

import asyncio
from collections import Counter, defaultdict
from datetime import datetime

from schemas.redrive import MAX_PLANNED, LetterChoice
from schemas.rereading import Rereading
from schemas.shown.redrive import RedrivePlan, RefusedSample, StillRefused
from schemas.timestamp import nanoseconds_of
from storage.database import Database, clock
from storage.dead_letters import Reach
from storage.redrive import count_redrivable, letters_to_read

MAX_SAMPLES = 5
#: Bytes of values that a plan reads, and seconds that it takes: 10,000 letters may have 20 GiB.
MAX_READ_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 5.0


async def plan_redrive(
    reader: Database,
    reach: Reach,
    choice: LetterChoice,
    rereading: Rereading,
    *,
    as_of: datetime | None = None,
    at_most: int = MAX_PLANNED,
    most_bytes: int = MAX_READ_BYTES,
    seconds: float = MAX_SECONDS,
) -> RedrivePlan:
    """Read up to `at_most` letters that a redrive of this choice would take. `as_of`: None is now.

    It ends early, with the letter after which it has read `most_bytes` of values or taken so many seconds: `read` says
    how far it came.

    Raises StorageUnavailable.
    """
    async with reader.connection() as connection:
        now = await clock(connection)
    as_of = as_of or now
    counted = await count_redrivable(reader, reach, choice, rereading.topics, as_of)
    read, size, refused = 0, 0, Counter[str]()
    ends_at = asyncio.get_running_loop().time() + seconds
    samples: dict[str, list[RefusedSample]] = defaultdict(list)
    async for letter in letters_to_read(reader, reach, choice, rereading.topics, as_of):
        if read == at_most or size >= most_bytes or asyncio.get_running_loop().time() > ends_at:
            break
        read += 1
        size += len(letter.value)
        refusal = rereading.refusal(letter, nanoseconds_of(now))
        if refusal is not None:
            refused[refusal.code.value] += 1
            if len(samples[refusal.code.value]) < MAX_SAMPLES:
                samples[refusal.code.value].append(RefusedSample(id=letter.id, reason=refusal.reason))
        await asyncio.sleep(0)  # a letter may take milliseconds, and others are served meanwhile
    return RedrivePlan(
        account=reach.account,
        as_of=as_of,
        matched=counted.matched,
        redrivable=counted.redrivable,
        read=read,
        would_be_stored=read - refused.total(),
        still_refused=[
            StillRefused(code=code, letters=letters, samples=samples[code]) for code, letters in refused.most_common()
        ],
        left_out=counted.left_out,
        reason=rereading.reason_against_all(counted.unread),
    )
