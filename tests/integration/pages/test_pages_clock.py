"""A result that came from the future is marked in the timeline, by how much, in each language."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

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
