"""The place before a list's first row sorts before whatever can be stored."""

import uuid
from datetime import UTC, datetime

from storage import cursors

#: Limits of stored times: results begin in 2000, and no clock says the year 9999.
OLDEST, NEWEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
FIRST_ID = uuid.UUID(int=1)


def test_lists_from_the_newest_begin_after_the_newest_moment() -> None:
    assert (NEWEST, uuid.UUID(int=2**128 - 1)) < cursors.NEWEST_BY_ID
    assert (NEWEST, "\U0010ffff") < cursors.NEWEST_BY_TEXT


def test_lists_from_the_oldest_begin_before_the_oldest_moment() -> None:
    assert (OLDEST, FIRST_ID) > cursors.OLDEST_BY_ID
    assert cursors.OLDEST_BY_ID[0] == datetime(1970, 1, 1, tzinfo=UTC)


def test_lists_of_ids_begin_before_the_first_one() -> None:
    assert cursors.BEFORE_EVERY_ID < FIRST_ID
    assert {cursors.NEWEST_BY_ID[1], cursors.OLDEST_BY_ID[1], cursors.BEFORE_EVERY_ID} == {uuid.UUID(int=0)}


def test_groups_begin_with_the_largest_number_that_postgresql_holds() -> None:
    assert cursors.BEFORE_EVERY_GROUP == (9_223_372_036_854_775_807, "")
