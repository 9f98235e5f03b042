"""Evidence on pages: only for whom it was given, with the time until when it is kept."""

import asyncpg
import pytest

from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.events import result

EVIDENCE = "canary-of-evidence"


@pytest.mark.parametrize(("who", "sees"), [("viewer", False), ("operator", True)])
async def test_a_page_without_the_right_says_so_in_place_of_evidence(
    visit: Visit, store_events: Store, owner: asyncpg.Connection, who: str, *, sees: bool
) -> None:
    await store_events(result(request={"a": EVIDENCE}, response=EVIDENCE))
    await owner.execute(
        """INSERT INTO dead_letters
               (account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
           VALUES ('acme', gen_random_uuid(), 'json', $1, 't', 0, 0, 0, '[]', $2, 1)""",
        '{"code": "no_bytes", "parameters": {}}',
        EVIDENCE.encode(),
    )
    log_id = await owner.fetchval("SELECT id FROM status_logs")
    browser = await visit(who)
    for path in (f"/acme/price/logs/{log_id}", f"/acme/price?open={log_id}", "/acme/dead-letters"):
        page = (await browser.get(path)).text
        assert (EVIDENCE in page) is sees, path
        assert ("Your key may not see what was sent" in page) is not sees, path
    whole = await browser.get(f"/acme/price/logs/{log_id}/evidence/request")
    assert whole.status_code == (200 if sees else 404)
    assert ("Kept until" in (await browser.get(f"/acme/price/logs/{log_id}")).text) is sees


async def test_expired_evidence_is_said_to_be_gone(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(result(request={"a": EVIDENCE}))
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '2 days'")
    assert await owner.fetchval("SELECT expire_evidence(1, 10)") == 1
    log_id = await owner.fetchval("SELECT id FROM status_logs")
    page = (await (await visit("operator")).get(f"/acme/price/logs/{log_id}")).text
    assert "The evidence is no longer kept." in page
    assert "Kept until" not in page
