"""Errors of the driver: either wait for the database, or it is a bug."""

import asyncio
import gc
import weakref
from contextlib import suppress

import asyncpg
import pytest

from storage.database import translated
from storage.errors import StorageError, StorageUnavailable


@pytest.mark.parametrize(
    "words",
    [
        "connection is closed",
        "cannot call Connection.fetch(): the underlying connection is closed",
        "cannot call Connection.execute(): connection has been released back to the pool",
        "pool is closing",
        "pool is closed",
    ],
)
async def test_a_connection_that_was_closed_meanwhile_is_waited_for(words: str) -> None:
    with pytest.raises(StorageUnavailable), translated():
        raise asyncpg.InterfaceError(words)


@pytest.mark.parametrize(
    "words",
    [
        "cannot perform operation: another operation is in progress",
        "the server expects 3 arguments for this query, 2 were passed",
        "cannot use Connection.transaction() in a manually started transaction",
    ],
)
async def test_a_mistake_in_using_the_driver_is_a_bug(words: str) -> None:
    with pytest.raises(asyncpg.InterfaceError), translated():
        raise asyncpg.InterfaceError(words)


async def test_what_follows_from_a_lost_connection_is_no_bug() -> None:
    with pytest.raises(StorageUnavailable), translated():
        try:
            raise ConnectionResetError
        finally:
            raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")


async def test_an_error_in_the_place_of_a_cancellation_is_the_cancellation() -> None:
    """asyncpg's rollback on a closed connection replaces a CancelledError by an error of the connection."""
    begun = asyncio.Event()

    async def work() -> None:
        with translated():
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                raise asyncpg.InterfaceError("cannot perform operation: connection is closed")

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(TimeoutError):  # a time-out is a cancellation that its caller takes back
        async with asyncio.timeout(0.01):
            await work()


async def test_an_outage_during_the_work_after_a_cancellation_is_an_outage() -> None:
    seen: list[BaseException] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                with translated():
                    raise ConnectionResetError
            except StorageUnavailable as exc:
                seen.append(exc)
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [type(each) for each in seen] == [StorageUnavailable]


async def test_a_time_out_within_the_work_is_an_error_of_the_database() -> None:
    with pytest.raises(StorageUnavailable), translated():
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


class Batch:
    """Batch that a frame holds while its statement fails."""


@pytest.mark.parametrize(
    "error", [asyncpg.QueryCanceledError("timed out"), asyncpg.DataError("refused"), OSError("gone")]
)
async def test_a_translated_error_keeps_nothing_when_it_was_handled(error: Exception) -> None:
    """Neither does it wait for the collector, which comes seldom."""
    alive: weakref.WeakSet[Batch] = weakref.WeakSet()

    def store() -> None:
        batch = Batch()
        alive.add(batch)
        with translated():
            raise type(error)(str(error))

    gc.disable()
    try:
        with suppress(StorageError):
            store()
        assert not alive
    finally:
        gc.enable()
