"""The database away, slow or stuck; and the server that all this is served by."""

import asyncio
import contextlib
import json
import socket
import uuid
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from api.errors import AddressUnusableError
from api.server import serve
from embedded.ports import free_port
from schemas.envelope import STRUCTURED
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import BOOTSTRAP, NOWHERE, Caller, Store, app_on
from tests.support.events import result, whole
from tests.support.proxy import Proxy, proxied
from tests.support.served import served, until_alive
from tests.support.waiting import eventually

LOGS = "/api/v1/accounts/acme/price/logs"


@pytest.fixture
async def behind_proxy(database_url: str) -> AsyncIterator[tuple[Proxy, Caller]]:
    """A caller of an app whose database is reached through a proxy, with short timeouts."""
    async with proxied(database_url) as (proxy, url):
        settings = StorageSettings(database_url=url, connect_seconds=1, command_seconds=1, query_seconds=1)
        reader = Database(url, "reader", settings)
        async with app_on(reader, reader, NOWHERE, Topics()) as app, Caller(app, BOOTSTRAP) as client:
            yield proxy, client
        await reader.close()


@pytest.mark.parametrize("mode", ["refuse", "blackhole", "mute"])
async def test_a_database_that_is_away_is_503_and_comes_back(
    behind_proxy: tuple[Proxy, Caller], store_events: Store, mode: str
) -> None:
    proxy, client = behind_proxy
    await store_events(result())
    assert (await client.get(LOGS)).status_code == 200
    proxy.mode = mode  # type: ignore[assignment]
    response = await client.get(LOGS)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
    assert int(response.headers["Retry-After"]) > 0
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503
    proxy.mode = "pass"
    proxy.cut()

    async def answers() -> bool:
        return (await client.get(LOGS)).status_code == 200

    async def ready() -> bool:
        return (await client.get("/readyz")).status_code == 200

    await eventually(answers)
    await eventually(ready)


async def test_an_outage_is_said_once_and_its_end_too_however_many_ask(behind_proxy: tuple[Proxy, Caller]) -> None:
    proxy, client = behind_proxy
    proxy.mode = "refuse"

    async def over() -> bool:
        return [each["event"] for each in said if each.get("work") == "requests"] == ["waiting", "waited"]

    with capture_logs() as said:
        for _ in range(3):  # of more, the last would be refused
            assert (await client.post("/sign-in", data={"access_key": "k" * 40})).status_code == 503
        for _ in range(20):
            assert (await client.get(LOGS)).status_code == 503
        assert len(said) == 1
        proxy.mode = "pass"
        await eventually(over)


async def test_a_kafka_that_takes_nothing_is_said_once_however_much_is_sent(app: FastAPI, keys: dict[str, str]) -> None:
    event = json.dumps(whole(result()))
    asked = {"account": "acme", "integration_type": "price", "log_ids": [str(uuid.uuid4())], "requested_by": "maria"}
    async with Caller(app, keys["connector"]) as connector, Caller(app, BOOTSTRAP) as person:
        with capture_logs() as said:
            answers = [
                *(connector.post("/events/results", content=event, headers={"Content-Type": STRUCTURED}) for _ in "ab"),
                *(person.post("/commands/reprocess", json=asked, headers={"Idempotency-Key": each}) for each in "ab"),
            ]
            assert {each.status_code for each in await asyncio.gather(*answers)} == {503}
    assert sorted(each["work"] for each in said) == ["commands", "events"]


async def test_a_query_that_takes_too_long_is_503(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    """Held up by a lock, as a query may be by anything; PostgreSQL ends it after `query_seconds`."""
    reader = Database(database_url, "reader", storage_settings.model_copy(update={"query_seconds": 0.2}))
    async with app_on(reader, reader, NOWHERE, Topics()) as app, Caller(app, BOOTSTRAP) as client:
        async with owner.transaction():
            await owner.execute("LOCK TABLE status_logs IN ACCESS EXCLUSIVE MODE")
            response = await client.get(LOGS)
        assert response.status_code == 503
        assert (await client.get(LOGS)).status_code == 200
    await reader.close()


async def test_a_full_pool_is_503_not_a_wait_without_end(database_url: str, owner: asyncpg.Connection) -> None:
    settings = StorageSettings(database_url=database_url, pool_size=1, connect_seconds=0.5, query_seconds=5)
    reader = Database(database_url, "reader", settings)
    async with app_on(reader, reader, NOWHERE, Topics()) as app, Caller(app, BOOTSTRAP) as client:
        async with owner.transaction():
            await owner.execute("LOCK TABLE status_logs IN ACCESS EXCLUSIVE MODE")
            statuses = [each.status_code for each in await asyncio.gather(*(client.get(LOGS) for _ in range(3)))]
        assert statuses == [503, 503, 503]
    await reader.close()


async def test_it_serves_until_told_to_stop(app: FastAPI) -> None:
    async with httpx.AsyncClient() as client:
        async with served(app) as url:
            assert "server" not in (await client.get(f"{url}/livez")).headers
        with pytest.raises(httpx.TransportError):
            await client.get(f"{url}/livez")


async def test_a_port_that_is_taken_names_the_setting(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnusableError, match="CONEXOES_HTTP_PORT"):
            await serve(app, "127.0.0.1", port, asyncio.Event())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n", b" 431 "),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", b" 431 "),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000, b" 400 "),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X-Many: a\r\n" * 100_000, b" 400 "),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b" 414 "),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b" 400 "),
        (b"GET /" + b"a" * 1_000_000, b" 400 "),
    ],
)
async def test_a_large_head_ends_the_request_not_the_server(app: FastAPI, head: bytes, status: bytes) -> None:
    """An incomplete head of 128 KiB or more is refused without a problem body."""
    async with served(app) as url, httpx.AsyncClient(base_url=url) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        try:
            writer.write(head)
            assert status in await asyncio.wait_for(reader.readline(), timeout=10)
        finally:
            writer.transport.abort()
        assert (await client.get("/livez")).status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\n\r\n", b" 400 "),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b" 400 "),
        (b"GET /livez HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", b" 400 "),
        (b"GET /livez HTTP/1.0\r\n\r\n", b" 200 "),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b" 200 "),
    ],
)
async def test_a_request_names_one_host(app: FastAPI, head: bytes, status: bytes) -> None:
    async with served(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        writer.write(head)
        assert status in await asyncio.wait_for(reader.readline(), timeout=10)
        writer.transport.abort()


@pytest.mark.parametrize("endless", [b"X-Trailer: " + b"a" * 65_536, b"X-Trailer: a\r\n" * 5_000, b""])
async def test_what_comes_after_a_body_has_an_end_too(app: FastAPI, endless: bytes) -> None:
    """Trailers of a chunked body, and the extension of a chunk."""
    async with served(app) as url, httpx.AsyncClient(base_url=url) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(
            b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0\r\n" * bool(endless)
        )
        writer.write(b"" if endless else b"1;" + b"a" * 1000)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                writer.write(endless or b"a" * 65_536)
                await asyncio.wait_for(writer.drain(), timeout=10)
                if reader.at_eof():
                    break
                await asyncio.sleep(0.01)
            await asyncio.wait_for(reader.read(), timeout=10)
        assert reader.at_eof() or reader.exception()
        writer.transport.abort()
        assert (await client.get("/livez")).status_code == 200


async def test_requests_of_one_connection_are_measured_one_by_one(app: FastAPI) -> None:
    async with served(app) as url, httpx.AsyncClient(base_url=url) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        try:
            for _ in range(10):
                writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 30_000 + b"\r\n\r\n")
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=10)
                assert b" 200 " in head.splitlines()[0]
                [length] = [line for line in head.splitlines() if line.startswith(b"content-length: ")]
                await reader.readexactly(int(length.split()[1]))
        finally:
            writer.transport.abort()


async def test_a_request_that_is_being_answered_ends_before_the_server_does(app: FastAPI) -> None:
    entered, released = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        entered.set()
        await released.wait()
        return "done"

    app.add_api_route("/slow", slow)
    port = free_port()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        stop = asyncio.Event()
        server = asyncio.create_task(serve(app, "127.0.0.1", port, stop))
        await until_alive(client)
        asking = asyncio.create_task(client.get("/slow"))
        await entered.wait()
        stop.set()
        released.set()
        assert (await asking).json() == "done"
        await asyncio.wait_for(server, timeout=10)
