"""Rows that are written for COPY as PostgreSQL reads them."""

from collections.abc import AsyncIterator

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.copy_format import copied, integer_arrays

_INTEGERS = st.integers(min_value=-(2**31), max_value=2**31 - 1)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(_TEXTS, st.lists(_INTEGERS))))
async def test_rows_are_read_as_they_were_written(owner: asyncpg.Connection, rows: list[tuple[str, list[int]]]) -> None:
    await owner.execute("CREATE TEMPORARY TABLE IF NOT EXISTS read (text text, numbers integer[])")
    arrays = integer_arrays([numbers for _text, numbers in rows])
    pieces = copied((text.encode(), array) for (text, _numbers), array in zip(rows, arrays, strict=True))

    async def read() -> AsyncIterator[bytes]:
        for each in pieces:
            yield each

    await owner.copy_to_table("read", source=read(), format="binary")
    found = await owner.fetch("DELETE FROM read RETURNING text, numbers")
    assert [tuple(row) for row in found] == rows
