"""Keys of logs, which stand apart from the logs."""

import asyncpg

from tests.support.reprocess import Desk

KEYS = "SELECT account, integration_type, key, log_id FROM log_keys ORDER BY log_id"
LOGS = "SELECT account, integration_type, key, id AS log_id FROM status_logs ORDER BY id"


async def test_each_log_has_its_key_however_often_its_results_come(desk: Desk, owner: asyncpg.Connection) -> None:
    for _ in range(3):
        await desk.fail(range(4))
        await desk.fail(range(2), "AMZ")
    keys = await owner.fetch(KEYS)
    assert len(keys) == 6
    assert keys == await owner.fetch(LOGS)


async def test_a_log_that_goes_takes_its_key_with_it(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(4))
    await owner.execute("DELETE FROM status_logs WHERE id IN (SELECT id FROM status_logs LIMIT 3)")
    keys = await owner.fetch(KEYS)
    assert len(keys) == 1
    assert keys == await owner.fetch(LOGS)
