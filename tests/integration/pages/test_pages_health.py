"""Health on the pages: banners, a database that hangs, and the home over many accounts."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from admin import account_health, pulse
from admin.account_health import Healths
from admin.pages import live
from admin.pulse import Pulse
from storage.database import Database
from storage.reprocess.breakers import Answered, count_answers
from storage.settings import StorageSettings
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.events import at, result
from tests.support.frozen import frozen
from tests.support.served import served

#: Pages of an account, each of another kind.
ON_TOP = [
    "overview",
    "orders",
    "price?status=error",
    "price/groups",
    "reprocess",
    "affiliates",
    "activity",
    "search?q=x",
]


async def pause(browser: Browser, affiliate: str, **fields: str | list[str]) -> httpx.Response:
    token = await browser.form_token("/acme/affiliates")
    data = {"form_token": token, "affiliate": affiliate, "choosing": "1", **fields}
    return await browser.post("/acme/affiliates/pause", data=data)


async def test_pauses_breakers_and_old_data_are_on_top_of_every_page_of_their_account(
    visit: Visit,
    store_events: Store,
    writer: Database,
    owner: asyncpg.Connection,
    app: FastAPI,
    storage_settings: StorageSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store_events(*account(), result("g", account="globex"))
    operator, other = await visit("operator"), await visit("other")
    assert "notice" not in (await operator.get("/acme/banners")).text
    typed: dict[str, str | list[str]] = {"integration_type": ["price", "tracking"], "ends": "1h", "reason": "campaign"}
    assert (await pause(operator, "MLB", **typed)).status_code == 303
    async with writer.transaction() as connection:
        await count_answers(connection, [Answered("acme", "AMZ", "price", datetime.now(UTC), "busy")] * 50)
    await owner.execute(
        "INSERT INTO data_times VALUES ('price', now() - interval '1 hour', now() - interval '2 hours', now()),"
        " ('of before', now() - interval '1 year', now() - interval '1 year', now()), ('orders', now(), now(), now())"
    )
    monkeypatch.setattr(account_health, "FRESH_SECONDS", 0.0)
    for path in ON_TOP:
        page = (await operator.get(f"/acme/{path}")).text
        assert (" is paused</b> (Tracking, Price" in page, "campaign" in page) == (True, True), path
        assert " are held back</b> (Price" in page, path
        assert ("Data as of" in page, "of before" in page) == (True, False), path
        assert "is paused</b>" not in (await other.get(f"/globex/{path}")).text, path
    assert (await other.get("/acme/banners")).status_code == 404

    # Ten others: three are shown, the rest are counted.
    for number in range(9):
        await pause(operator, f"A{number}", choosing="", ends="")
    part = (await operator.get("/acme/banners")).text
    assert (part.count(" is paused</b>"), "7 more marketplaces are paused" in part) == (3, True)
    # The pause ends by PostgreSQL's clock, and with it its banner.
    await owner.execute("UPDATE affiliates SET paused_until = clock_timestamp() WHERE paused_until IS NOT NULL")
    assert "campaign" not in (await operator.get("/acme/banners")).text

    # A page neither fails nor waits when they can't be read.
    nowhere = Database("postgresql://127.0.0.1:9/x", "reader", storage_settings)
    app.state.account_health = Healths(nowhere)
    answer = await operator.get("/acme/overview")
    assert (answer.status_code, "held back" in answer.text) == (200, False)
    # One that is open keeps the banners that it has.
    answer = await operator.get("/acme/banners")
    assert (answer.status_code, answer.text) == (204, "")


async def test_a_pause_is_shown_while_the_database_is_too_slow(
    store_events: Store, owner: asyncpg.Connection, reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    await owner.execute(
        "INSERT INTO affiliates (account, affiliate, paused_at, paused_by) VALUES ('acme', 'MLB', now(), 'maria')"
    )
    monkeypatch.setattr(account_health, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(account_health, "WAIT_SECONDS", 10.0)
    healths = Healths(reader)
    read = await healths.of("acme")
    assert read is not None
    assert [each.affiliate for each in read.pauses] == ["MLB"]
    monkeypatch.setattr(account_health, "WAIT_SECONDS", 0.1)
    async with frozen(owner):
        assert await healths.of("acme") == read
        # After a minute nobody knows any more; nor after this process has changed it.
        with monkeypatch.context() as later:
            later.setattr(account_health, "KEPT_SECONDS", 0.0)
            assert await healths.of("acme") is None
        healths.forget("acme")
        assert await healths.of("acme") is None
    monkeypatch.setattr(account_health, "WAIT_SECONDS", 10.0)
    assert await healths.of("acme") == read


async def test_an_error_that_nobody_foresaw_is_over_with_the_next_page(
    store_events: Store, reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    monkeypatch.setattr(account_health, "WAIT_SECONDS", 10.0)
    healths = Healths(reader)
    with monkeypatch.context() as now:
        now.setattr(account_health, "read_health", lambda *_: 1 / 0)
        assert await healths.of("acme") is None
    assert await healths.of("acme") is not None


async def test_a_form_that_pauses_says_what_it_can_not(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    operator = await visit("operator")
    for fields, said in (
        ({"integration_type": "price", "ends": "at", "until": "2020-01-01T00:00"}, "this time is over"),
        ({"integration_type": "price", "ends": "at", "until": "x"}, ""),
        ({"integration_type": "nothing"}, ""),
        ({}, "is missing"),
    ):
        answer = await pause(operator, "MLB", **fields)
        assert (answer.status_code, said in answer.text) == (422, True), fields
    assert "is paused</b>" not in (await operator.get("/acme/banners")).text
    every = ["products", "tracking", "price", "inventory"]
    until = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert (await pause(operator, "MLB", integration_type=every, ends="at", until=until)).status_code == 303
    page = (await operator.get("/acme/activity?kind=affiliate")).text
    assert ("MLB" in page, "until" in page, "Tracking" in page.split("<tbody>")[1]) == (True, True, False)


@pytest.fixture
async def stream(visit: Visit, store_events: Store, app: FastAPI) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a live stream."""
    await store_events(*account())
    browser = await visit("viewer")
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url, cookies=dict(browser.cookies)) as reader,
        reader.stream("GET", "/acme/price/live", timeout=60) as answer,
    ):
        yield answer.aiter_lines()


async def until(lines: AsyncIterator[str], event: str) -> list[str]:
    """The names of the events until this one."""
    found = []
    async with asyncio.timeout(60):
        async for line in lines:
            if line.startswith("event: "):
                found.append(line.removeprefix("event: "))
                if found[-1] == event:
                    return found
    raise AssertionError(f"no {event}: {found}")


async def test_a_stream_says_which_rows_it_begins_with(
    visit: Visit, stream: AsyncIterator[str], store_events: Store
) -> None:
    async def shown() -> str:
        [rows] = re.findall(r'data-rows="([0-9a-f]{16})"', (await (await visit("viewer")).get("/acme/price")).text)
        return str(rows)

    before = await shown()
    assert await until(stream, "ready") == ["ready"]
    assert json.loads((await anext(stream)).removeprefix("data: ")) == {"rows": before}
    await store_events(result("later", key="SKU-LATER"))
    assert await shown() != before


async def test_a_heartbeat_is_an_answer_of_the_database(
    visit: Visit, stream: AsyncIterator[str], owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(live, "BEAT_SECONDS", 1.0)
    monkeypatch.setattr(pulse, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(pulse, "DEADLINE_SECONDS", 1.0)
    browser = await visit("viewer")
    assert (await browser.get("/acme/price")).status_code == 200
    await until(stream, "beat")
    async with frozen(owner):
        await until(stream, "silent")
        asked = await asyncio.gather(*(browser.get(path) for path in ("/acme/price", "/acme/overview", "/preferences")))
        assert [each.status_code for each in asked] == [503] * 3
        # It is said at the pace of heartbeats.
        await until(stream, "silent")
        said = time.monotonic()
        await until(stream, "silent")
        assert time.monotonic() - said > 0.5
    await until(stream, "beat")
    assert (await browser.get("/acme/price")).status_code == 200


async def test_a_database_that_refuses_is_asked_once_for_every_page(
    storage_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Pulse(Database("postgresql://127.0.0.1:9/x", "reader", storage_settings))
    with capture_logs() as lines:
        assert [await asking.answers() for _ in range(5)] == [False] * 5
    assert [(line["event"], line["failures"]) for line in lines] == [("waiting", 1)]
    monkeypatch.setattr(pulse, "FRESH_SECONDS", 0.0)
    with capture_logs() as lines:
        assert await asking.answers() is False
    assert not lines  # within a minute
    assert asking._outages._open["pulse"].failures == 2


async def test_who_has_many_accounts_sees_the_worst_first(
    visit: Visit, store_events: Store, owner: asyncpg.Connection, keys: dict[str, str]
) -> None:
    await store_events(
        *(result(f"{name}-{n}", account=name, key=f"SKU-{n}") for name in ("calm", "worse", "ill") for n in range(3)),
        result("p", account="paused", processed_at=at(0)),
    )
    steps = [("calm", 5, 5), ("worse", 40, 30), ("ill", 3, 1)]
    for name, results, failures in steps:
        await owner.execute("DELETE FROM received_times WHERE account = $1", name)
        await owner.execute("INSERT INTO received_times VALUES ($1, 'price', 'MLB', now(), now())", name)
        await owner.execute(
            "INSERT INTO received_steps VALUES ($1, 'price', 'MLB', now() - interval '10 minutes', $2, $3)",
            *(name, results, failures),
        )
        await owner.execute(
            "INSERT INTO received_hours"
            " SELECT $1, 'price', 'MLB', date_trunc('hour', now()) - n * interval '1 hour', 10, 6"
            " FROM generate_series(0, 40) n",
            name,
        )
    await owner.execute(
        "INSERT INTO incidents (account, kind, affiliate, subject, state, severity, opened_at, changed_at, facts)"
        " VALUES ('ill', 'new_fault', 'MLB', 's', 'open', 'critical', now(), now(), '{}')"
    )
    await owner.execute(
        "INSERT INTO affiliates (account, affiliate, paused_at, paused_by) VALUES ('paused', 'MLB', now(), 'maria')"
    )
    everyone = await visit()
    await everyone.sign_in(keys["bootstrap"])
    page = (await everyone.get("/?wait=true")).text
    order = sorted(("calm", "worse", "ill", "paused"), key=lambda each: page.index(f'"/{each}/overview"'))
    assert order == ["ill", "worse", "calm", "paused"]
    assert ("usually 6" in page, "Critical" in page, page.count('href="/paused/affiliates"')) == (True, True, 1)
    assert (await (await visit("viewer")).get("/")).headers["location"] == "/acme/overview"
