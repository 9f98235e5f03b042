"""What incidents are judged by, as it is read of every account at once."""

import asyncpg
import pytest

from schemas.signal import Figures
from storage.database import Database
from storage.incidents import figures
from storage.incidents.times import DataTimes
from tests.support.events import result
from tests.support.letters import insert_refused


async def read(writer: Database) -> dict[str, Figures]:
    async with writer.transaction() as connection:
        return await figures.read_figures(connection, DataTimes({}, {}), {}, {}, {})


async def test_dead_letters_of_one_account_hide_no_others(
    writer: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = await insert_refused(writer, (result(str(n), status="maybe") for n in range(6)))
    assert len(letters) == 6
    await owner.execute("""
        WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS number FROM dead_letters)
        UPDATE dead_letters d SET
            account = CASE WHEN number = 1 THEN 'acme' WHEN number <= 5 THEN 'globex' ELSE '' END,
            received_at = now() - make_interval(secs => CASE WHEN number = 1 THEN 600 ELSE 60 END)
        FROM numbered n WHERE n.id = d.id
    """)
    monkeypatch.setattr(figures, "MAX_LETTERS", 3)
    found = await read(writer)
    assert {account: sum(each.letters for each in mine.letters) for account, mine in found.items()} == {
        "acme": 1,
        "globex": 3,
    }
    await owner.execute("UPDATE dead_letters SET received_at = received_at - interval '1 hour'")
    assert await read(writer) == {}
