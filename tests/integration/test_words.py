"""Words of messages and names wait for their index a second or so, and are found all the while."""

import asyncio

import asyncpg

from agents.upkeep.indexing import Indexing
from schemas.search.words import word_numbers
from storage.logs.compaction import index_pending
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

#: Query of nPendingPages of GinMetaPageData: behind the page's header of 24 bytes and three other numbers of 32 bits.
_PENDING_PAGES = """
SELECT get_byte(pg_read_binary_file(pg_relation_filepath('status_logs_by_word'), 24 + 12, 4), 0)
"""
_FOUND = "SELECT count(*) FROM status_logs WHERE words @> $1::bigint[]"
_MINIMUM = word_numbers("acme", "price", ["minimum"])


async def _pending_pages(owner: asyncpg.Connection) -> int:
    await owner.execute("CHECKPOINT")  # what is in memory only can't be read from the file
    return int(await owner.fetchval(_PENDING_PAGES))


async def test_words_that_wait_are_indexed_once_and_found_before_and_after(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(20), message="the price is below the minimum")
    await owner.execute("SET enable_seqscan = off")
    assert await owner.fetchval(_FOUND, _MINIMUM) == 20
    assert await _pending_pages(owner) > 0
    async with desk.writer.transaction() as connection:
        assert await index_pending(connection) > 0
        assert await index_pending(connection) == 0
    assert await _pending_pages(owner) == 0
    assert await owner.fetchval(_FOUND, _MINIMUM) == 20


async def test_a_worker_indexes_them_by_itself(desk: Desk, owner: asyncpg.Connection) -> None:
    indexing = asyncio.create_task(Indexing(desk.writer).run())
    await desk.fail(range(20), message="the price is below the minimum")

    async def none_waits() -> bool:
        return await _pending_pages(owner) == 0

    await eventually(none_waits)
    assert await owner.fetchval(_FOUND, _MINIMUM) == 20
    indexing.cancel()
    await asyncio.gather(indexing, return_exceptions=True)
