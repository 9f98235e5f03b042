"""Clocks: a result from the future is marked, and ends that a page sets are PostgreSQL's, whatever the host shows."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import asyncpg
import pytest

from admin.pages import groups, visitor
from tests.integration.pages.conftest import Visit
from tests.support.events import result
from tests.support.reprocess import Desk


@pytest.mark.parametrize(
    ("language", "title", "mark"),
    [
        ("en", "When it came, its time was 29 minutes ahead of our clock", "ahead"),
        ("pt", "Quando chegou, seu horário estava 29 minutos à frente do nosso relógio", "adiantado"),
        ("es", "Cuando llegó, su hora estaba 29 minutos por delante de nuestro reloj", "adelantado"),
    ],
)
async def test_the_timeline_marks_it(
    visit: Visit, desk: Desk, owner: asyncpg.Connection, language: str, title: str, mark: str
) -> None:
    ahead = f"{datetime.now(UTC) + timedelta(minutes=29, seconds=50):%FT%TZ}"
    await desk.store(result("ahead", processed_at=ahead), result("past"))
    log = await owner.fetchval("SELECT id FROM status_logs")
    page = (await (await visit("viewer")).get(f"/acme/price/logs/{log}?lang={language}")).text
    assert page.count(f'<span class="tag" title="{title}">{mark}</span>') == 1


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_host_whose_clock_is_off_sets_the_same_ends(
    visit: Visit, desk: Desk, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    class Off(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(hours=hours)

    await desk.store(result("failed"))
    browser = await visit("operator")
    for module in (visitor, groups):
        monkeypatch.setattr(module, "datetime", Off)
    token = await browser.form_token("/acme/affiliates")
    pause = {"form_token": token, "affiliate": "MLB", "ends": "30m"}
    assert (await browser.post("/acme/affiliates/pause", data=pause)).status_code == 303
    [group] = re.findall(r'id="group-([0-9a-f]{16})"', (await browser.get("/acme/price/groups")).text)
    ignore = {"form_token": token, "state": "ignored", "for": "day"}
    assert (await browser.post(f"/acme/price/groups/{group}", data=ignore)).status_code == 303
    left = await owner.fetchrow(
        "SELECT (SELECT paused_until - now() FROM affiliates), (SELECT until_at - now() FROM fault_states)"
    )
    assert left is not None
    for found, wanted in zip(left, (timedelta(minutes=30), timedelta(days=1)), strict=True):
        assert timedelta() <= wanted - found < timedelta(minutes=1)
