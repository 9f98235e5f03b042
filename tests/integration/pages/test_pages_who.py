"""The author of a request is shown as the caller said it, with the request's key, on every page that names one."""

import re
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from schemas.reprocess import Command, ReprocessRequest
from storage.access_keys import Grant
from storage.reprocess.affiliates import switch
from storage.reprocess.audit import UsedKey
from storage.reprocess.cancellation import cancel_command
from tests.integration.pages.conftest import Visit
from tests.support.reprocess import Desk

#: Texts in each language: with the key and without one.
SAID = {
    "en": ("ceo@bravo.example, with the key bravo-admin", "ceo@bravo.example, not with a key"),
    "pt": ("ceo@bravo.example, com a chave bravo-admin", "ceo@bravo.example, sem chave"),
    "es": ("ceo@bravo.example, con la clave bravo-admin", "ceo@bravo.example, sin clave"),
}
KEY = UsedKey.grant(Grant("acme", "admin", "bravo-admin", may_export=True, may_see_evidence=True, key_id=None))
ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


@pytest.mark.parametrize("language", SAID)
async def test_pages_show_the_key_beside_the_name(
    visit: Visit, desk: Desk, owner: asyncpg.Connection, language: str
) -> None:
    await desk.fail(range(2))
    logs = {row["key"]: str(row["id"]) for row in await owner.fetch("SELECT key, id FROM status_logs")}
    for command, key in (("with", "SKU-0"), ("without", "SKU-1")):
        if command == "with":
            await owner.execute(
                """INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, key_name)
                   VALUES ('acme', 'k', $1, sha256(''), '{}', 'bravo-admin')""",
                command,
            )
        await desk.command(command, requested_by="ceo@bravo.example", log_ids=[logs[key]])
    browser = await visit("operator")
    pages = {
        "with": ["/acme/reprocess/with", "/acme/reprocess", f"/acme/price/logs/{logs['SKU-0']}"],
        "without": ["/acme/reprocess/without", "/acme/reprocess", f"/acme/price/logs/{logs['SKU-1']}"],
    }
    for (_command, addresses), said in zip(pages.items(), SAID[language], strict=True):
        for address in addresses:
            assert said in words((await browser.get(f"{address}?lang={language}")).text), address
    for command, used in (("with", KEY), ("without", UsedKey())):
        await cancel_command(desk.writer, "acme", command, requested_by="ceo@bravo.example", reason=None, key=used)
        said = SAID[language][0 if command == "with" else 1]
        page = words((await browser.get(f"/acme/reprocess/{command}?lang={language}")).text)
        # Once for who asked; the sentence of the ending names the person, and the key stands in brackets after it.
        assert said in page
        assert f"({said.partition(', ')[2]})" in page
    async with desk.writer.transaction() as connection:
        await switch(connection, "acme", "MLB", "paused", requested_by="ceo@bravo.example", reason=None, key=KEY)
    assert SAID[language][0] in words((await browser.get(f"/acme/affiliates?lang={language}")).text)


@pytest.mark.parametrize(
    ("ago", "kept"),
    [
        (timedelta(hours=23), True),
        (timedelta(days=2), False),
        (timedelta(days=2500), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-10), False),
    ],
)
async def test_a_command_of_a_time_that_can_t_be_is_dated_when_it_is_recorded(
    desk: Desk, owner: asyncpg.Connection, ago: timedelta, *, kept: bool
) -> None:
    said = datetime.now(UTC) - ago
    request = ReprocessRequest.model_validate(
        {"account": "acme", "integration_type": "price", "requested_by": "m", "log_ids": [ID]}
    )
    before = await owner.fetchval("SELECT clock_timestamp()")
    await desk.record(Command(id="c1", requested_at=said, request=request))
    found = await owner.fetchval("SELECT requested_at FROM reprocess_commands")
    assert found == said if kept else before <= found <= await owner.fetchval("SELECT clock_timestamp()")
