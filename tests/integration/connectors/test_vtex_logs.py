"""Connectors that serve VTEX's log contract, polled, on a real Kafka and a real HTTP server."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from broker.settings import BrokerSettings
from conexoes_connector.connector import Connector
from connectors.vtex_logs.bridge import MAX_DAYS, Reading, bridge
from connectors.vtex_logs.endpoint import Endpoint
from connectors.vtex_logs.settings import VtexLogsSettings
from outbound import http as outbound
from schemas.catalogue import BY_NAME
from schemas.result import MAX_AHEAD_SECONDS, Result, read
from tests.support.agents import records
from tests.support.http_server import HERE, answering
from tests.support.waiting import eventually

SOURCE = "/connectors/polled"
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 24), date(2026, 11, 23)


def message(number: int | str, *, sku: str = "SKU-1", **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "Operation": "Price update",
        "Direction": "VTEX to Marketplace",
        "ContentSource": json.dumps({"skuId": sku}),
        "ContentTransalted": json.dumps({"sku": sku, "price": 10.0}),
        "ContentDestination": '{"error": "below the minimum"}',
        "BusinessMessage": "The price is below the minimum",
        "Status": "Error",
        **changes,
    }


class Connectors:
    """A connector that behaves as VTEX's pages say: one address, a day and statuses asked for, one list answered."""

    def __init__(self) -> None:
        self.days: dict[date, list[Any]] = {}
        self.asked: list[str] = []
        self.failing: set[date] = set()
        self.answer: web.Response | None = None  # instead of everything else

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        assert request.path == "/base/acme/logs/"
        assert request.query["status"] == "all"
        assert set(request.query) == {"DateAt", "status"}
        assert request.headers["Authorization"] == "Bearer of-the-connector"
        day = date.fromisoformat(request.query["DateAt"])
        self.asked.append(request.query["DateAt"])
        if self.answer is not None:
            return web.Response(status=self.answer.status, body=self.answer.body, headers=self.answer.headers)
        if day in self.failing:
            return web.Response(status=500)
        return web.json_response({"Messages": self.days.get(day, [])})


@pytest.fixture
def connectors() -> Connectors:
    return Connectors()


def settings(url: str, **changes: Any) -> VtexLogsSettings:
    given = {
        "url": f"{url}/base",
        "account": "acme",
        "affiliate": "MLB",
        "source": SOURCE,
        "authorization": "Bearer of-the-connector",
        "allowed_networks": HERE,
        **changes,
    }
    return VtexLogsSettings(**{f"vtex_logs_{name}": value for name, value in given.items()})


@asynccontextmanager
async def reading(
    broker: BrokerSettings, url: str, data_dir: Path, now: datetime = NOW, **changes: Any
) -> AsyncIterator[Reading]:
    """A reading whose clock stands still, so that its days are known."""
    given = settings(url, **changes)
    secret = given.vtex_logs_authorization
    assert secret is not None
    async with (
        outbound.session(given.vtex_logs_allowed_networks, 10) as session,
        Connector(str(broker.kafka_bootstrap_servers), source=SOURCE, topic_prefix=broker.topic_prefix) as connector,
    ):
        endpoint = Endpoint(session, given.vtex_logs_url, "acme", secret.get_secret_value())
        one = Reading(connector, endpoint, given, data_dir, clock=lambda: now)
        try:
            yield one
        finally:
            one.close()


async def results(broker: BrokerSettings, count: int, integration_type: str = "price") -> list[Result]:
    found = []
    for record in await records(str(broker.kafka_bootstrap_servers), broker.topics.results(integration_type), count):
        now = int(datetime.now(UTC).timestamp() * 1e9)
        [one] = read(BY_NAME[integration_type], record.headers, record.key, record.value, now)
        assert isinstance(one, Result), one
        found.append(one)
    return found


async def test_a_message_is_a_result_with_its_three_contents(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    connectors.days[TODAY] = [message(13)]
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
    [result] = await results(broker_settings, 1)
    assert (result.account, result.affiliate, result.key, result.source) == ("acme", "MLB", "SKU-1", SOURCE)
    assert (result.status, result.message, result.operation) == (
        "error",
        "The price is below the minimum",
        "Price update",
    )
    assert (result.processed_at, result.event_id.partition("/")[0]) == (NOW, "13")
    data = json.loads(result.body)
    assert (data["ContentSource"], data["request"], data["response"]) == (
        '{"skuId": "SKU-1"}',
        '{"sku": "SKU-1", "price": 10.0}',
        '{"error": "below the minimum"}',
    )


async def test_contents_that_are_no_texts_are_kept_digit_for_digit_also_beside_what_is_no_number(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    contents = '"ContentSource":{"skuId":"SKU-1","price":19.90},"ContentTranslated":{"weight":1e400}'
    bodies = [f'{{"id":"1","Operation":"Price update","Status":"Error",{contents}}}']
    bodies.append(bodies[0].replace('"1"', '"2"').replace("19.90", '19.90,"margin":NaN'))
    connectors.answer = web.Response(text=f'{{"Messages":[{",".join(bodies)}]}}')
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one._read(TODAY)
    found = {each.event_id.partition("/")[0]: each.body for each in await results(broker_settings, 2)}
    assert all('"request":{"weight":1e400}' in each for each in found.values())
    assert '"price":19.90' in found["1"]
    assert '"price":19.90,"margin":"NaN"' in found["2"]


async def test_reading_again_and_starting_again_sends_the_same_results(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    """A restart at a later hour sends each once more, as it was, byte for byte."""
    connectors.days = {YESTERDAY: [message("a"), message("b")], TODAY: [message(3), message(4, sku="SKU-2")]}
    async with answering(connectors) as url:
        async with reading(broker_settings, url, data_dir) as one:
            for _ in range(3):
                await one.once()
            assert one.counts["sent"] == 4
        async with reading(broker_settings, url, data_dir, NOW + timedelta(hours=2)) as again:
            connectors.days[TODAY].append(message(5))
            await again.once()
    found = await results(broker_settings, 9)
    times = Counter(each.event_id.partition("/")[0] for each in found)
    assert times == {"a": 2, "b": 2, "3": 2, "4": 2, "5": 1}
    assert len({(each.event_id, each.version, each.body) for each in found}) == len(times)


async def test_of_messages_of_one_entity_the_later_one_wins(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    """Numbers of messages decide in any order; without numbers the order of the list does."""
    connectors.days[TODAY] = [
        message(11, sku="N", Status="Success"),
        message(9, sku="N"),
        message(10, sku="N"),
        message("x", sku="L"),
        message("b", sku="L"),
        message("c", sku="L", Status="Success"),
    ]
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
    found = await results(broker_settings, 6)
    last = {key: max((each for each in found if each.key == key), key=lambda each: each.version) for key in "NL"}
    assert {key: each.status for key, each in last.items()} == {"N": "success", "L": "success"}


async def test_pending_waits_until_it_has_ended(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    connectors.days[TODAY] = [message(1, Status="Pending")]
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
        assert one.counts == {"pending": 1}
        connectors.days[TODAY] = [message(1, Status="Success")]
        await one.once()
    [result] = await results(broker_settings, 1)
    assert result.status == "success"


@pytest.mark.parametrize("word", ["Alert", "Warning"])
async def test_an_alert_is_a_warning_or_where_there_is_none_an_error(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path, word: str
) -> None:
    connectors.days[TODAY] = [message(1, Status=word), message(2, Operation="Inventory update", Status=word)]
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
    assert [each.status for each in await results(broker_settings, 1)] == ["warning"]
    [result] = await results(broker_settings, 1, "inventory")
    assert (result.status, result.faults[0].severity) == ("error", "warning")


async def test_what_can_not_be_a_result_is_counted_and_its_neighbours_go_on(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    connectors.days[TODAY] = [
        "text",
        message(1, Status="Finished"),
        message(2, Operation="Something else"),
        message(3, CreatedAt="1999-01-01T00:00:00Z"),
        message(4, ContentDestination="x" * 1_200_000),
        message(5, sku="\u202etext"),
        message(6),
    ]
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
        assert one.counts == {"not_an_object": 1, "status": 1, "operation": 1, "invalid": 1, "sent": 3}
    found = {each.event_id.partition("/")[0]: each for each in await results(broker_settings, 3)}
    assert {name: each.key for name, each in found.items()} == {"4": "SKU-1", "5": "5", "6": "SKU-1"}
    assert "response" not in json.loads(found["4"].body)


async def test_a_message_that_is_refused_is_tried_again_at_each_reading_and_counted_once(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        ahead = datetime.now(UTC) + timedelta(seconds=MAX_AHEAD_SECONDS + 8)
        connectors.days[TODAY] = [message(1, CreatedAt=ahead.isoformat()), message(2, CreatedAt="1999-01-01T00:00:00Z")]
        await one.once()
        assert one.counts == {"invalid": 2}

        async def sent() -> bool:
            await one.once()
            return one.counts["sent"] > 0

        await eventually(sent)
        assert one.counts == {"invalid": 2, "sent": 1}
    [result] = await results(broker_settings, 1)
    assert result.event_id.startswith("1/")


async def test_days_are_those_of_the_connectors_time_zone_and_none_is_missed(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    night = datetime(2026, 11, 24, 1, tzinfo=UTC)  # the day before in São Paulo
    zone = {"timezone": "America/Sao_Paulo"}
    async with answering(connectors) as url:
        async with reading(broker_settings, url, data_dir, night, **zone) as one:
            await one.once()
        assert connectors.asked == ["2026-11-22", "2026-11-23"]
        connectors.asked.clear()
        async with reading(broker_settings, url, data_dir, night + timedelta(days=4), **zone) as one:
            await one.once()
            assert connectors.asked == [f"2026-11-{day}" for day in range(22, 28)]
            connectors.asked.clear()
            await one.once()
        assert connectors.asked == ["2026-11-26", "2026-11-27"]
        connectors.asked.clear()
        async with reading(broker_settings, url, data_dir, night + timedelta(days=400), **zone) as one:
            await one.once()
        assert len(connectors.asked) == MAX_DAYS + 1


async def test_a_day_that_failed_is_read_again_until_it_is_read(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    connectors.days = {YESTERDAY: [message(1)], TODAY: [message(2)]}
    connectors.failing = {YESTERDAY}
    async with answering(connectors) as url:
        async with reading(broker_settings, url, data_dir) as one:
            await one.once()
            assert one.counts == {"sent": 1}
        connectors.failing = set()
        async with reading(broker_settings, url, data_dir, NOW + timedelta(days=3), days=4) as one:
            await one.once()
    found = await results(broker_settings, 3)
    assert {each.event_id.partition("/")[0] for each in found} == {"1", "2"}
    [late] = [each for each in found if each.event_id.startswith("1/")]
    assert late.processed_at.date() == YESTERDAY


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=302, headers={"Location": "/elsewhere"}),
        web.Response(status=401, text="no"),
        web.Response(text="<html>"),
        web.Response(text="[]"),
        web.Response(text='{"messages": null}'),
        *(
            web.Response(text='{"Messages": []}', headers={"Link": f'<{address}>; rel="next"'})
            for address in (
                *(
                    "http://127.0.0.2:9/x",
                    "mailto:x@y",
                    "http://[::1",
                    "http://x:99999/",
                    "data:,x",
                    "ftp://127.0.0.1/x",
                ),
                *("", "?status=all&DateAt=2026-11-24", "?DateAt=2026-11-24&status=all"),
            )
        ),
    ],
    ids=lambda each: each.headers.get("Link") or each.text or str(each.status),
)
async def test_an_endpoint_that_fails_is_asked_again_and_nothing_is_lost(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path, answer: web.Response
) -> None:
    connectors.days[TODAY] = [message(1)]
    connectors.answer = answer
    async with answering(connectors) as url, reading(broker_settings, url, data_dir) as one:
        await one.once()
        assert one.counts == {}
        connectors.answer = None
        await one.once()
        assert one.counts == {"sent": 1}


async def test_it_polls_until_it_is_stopped(
    broker_settings: BrokerSettings, connectors: Connectors, data_dir: Path
) -> None:
    stop = asyncio.Event()
    now = datetime.now(UTC)
    connectors.days[now.date()] = [message(1)]
    async with answering(connectors) as url:
        given = settings(url, poll_seconds=0.05)
        servers = str(broker_settings.kafka_bootstrap_servers)
        task = asyncio.create_task(bridge(servers, broker_settings.topic_prefix, given, data_dir, stop))
        await results(broker_settings, 1)
        connectors.days[now.date()].append(message(2))
        connectors.days[now.date() + timedelta(days=1)] = connectors.days[now.date()]  # should midnight pass
        await results(broker_settings, 2)
        asked = len(connectors.asked)

        async def read_again() -> bool:
            return len(connectors.asked) > asked + 2

        await eventually(read_again)  # so the reading that sent the second one has ended, and counted it
        stop.set()
        counts = await task
    assert counts["sent"] == 2
