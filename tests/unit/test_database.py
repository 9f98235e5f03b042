"""Errors of the driver: either wait for the database, or it is a bug."""

import asyncpg
import pytest

from storage.database import translated
from storage.errors import StorageUnavailable


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
def test_a_connection_that_was_closed_meanwhile_is_waited_for(words: str) -> None:
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
def test_a_mistake_in_using_the_driver_is_a_bug(words: str) -> None:
    with pytest.raises(asyncpg.InterfaceError), translated():
        raise asyncpg.InterfaceError(words)


def test_what_follows_from_a_lost_connection_is_no_bug() -> None:
    with pytest.raises(StorageUnavailable), translated():
        try:
            raise ConnectionResetError
        finally:
            raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
