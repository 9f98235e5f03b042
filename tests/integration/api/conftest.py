"""The admin app (which serves the query API too) in process, on a fresh database, with a key of each kind."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from admin.app import build_admin
from admin.session import Sessions
from api.authentication import Authenticator
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from exports.settings import ExportSettings
from schemas.catalogue import BY_NAME
from schemas.policy import Policy
from schemas.result import Result, read
from schemas.topics import Topics
from storage import access_keys
from storage.database import Database
from storage.results import store
from tests.support.events import SOURCE, Event
from tests.support.opened import opened

BOOTSTRAP = "bootstrap-key-of-the-tests"
SESSION_SECRET = b"secret-of-the-tests"
NOWHERE = "127.0.0.1:9"  # discard: nothing listens there
Store = Callable[..., Awaitable[None]]


@pytest.fixture
async def owning(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url, "owner") as database:
        yield database


@pytest.fixture
def store_events(writer: Database) -> Store:
    """Stores result events as ingest does, in one batch."""

    async def store_all(*events: Event) -> None:
        results = []
        for event in events:
            each = BY_NAME[event.integration_type]
            for found in read(each, event.headers, event.key, event.value or b"", time.time_ns()):
                assert isinstance(found, Result), found
                results.append(found)
        async with writer.transaction() as connection:
            await store(connection, results)

    return store_all


@pytest.fixture
async def keys(owning: Database) -> dict[str, str]:
    """Keys by role or owner."""
    return {
        "viewer": await access_keys.create(owning, "acme", "viewer", "v"),
        "operator": await access_keys.create(owning, "acme", "operator", "o"),
        "admin": await access_keys.create(owning, "acme", "admin", "a"),
        "other": await access_keys.create(owning, "globex", "admin", "g"),
        "every": await access_keys.create(owning, "*", "admin", "e"),
        "connector": await access_keys.create(owning, "acme", "connector", "c", source=SOURCE, affiliates=["MLB"]),
        "bootstrap": BOOTSTRAP,
    }


@asynccontextmanager
async def app_on(reader: Database, writer: Database, servers: str, topics: Topics) -> AsyncIterator[FastAPI]:
    """The admin app with a publisher and kept files of its own, which are gone at the end of the block."""
    publisher = Publisher(servers, timeout_seconds=4)
    with tempfile.TemporaryDirectory(prefix="conexoes-tests-") as directory:
        try:
            yield build_admin(
                reader,
                writer,
                publisher,
                authenticator=Authenticator(reader, BOOTSTRAP),
                policy=Policy(),
                topics=topics,
                sessions=Sessions(SESSION_SECRET),
                export_settings=ExportSettings(data_dir=Path(directory)),
            )
        finally:
            await publisher.close()


@pytest.fixture
async def app(reader: Database, writer: Database) -> AsyncIterator[FastAPI]:
    """The admin app without Kafka."""
    async with app_on(reader, writer, NOWHERE, Topics()) as built:
        yield built


class Caller(httpx.AsyncClient):
    """An HTTP client of one app that carries a key. A bug in the app is its 500, not an exception here."""

    def __init__(self, app: FastAPI, key: str | None) -> None:
        super().__init__(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://conexoes.test",
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
        )


@pytest.fixture
async def viewer(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
    async with Caller(app, keys["viewer"]) as client:
        yield client


@pytest.fixture
async def operator(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
    async with Caller(app, keys["operator"]) as client:
        yield client


@pytest.fixture
async def every(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
    async with Caller(app, keys["every"]) as client:
        yield client


@pytest.fixture
async def kafka_app(reader: Database, writer: Database, broker_settings: BrokerSettings) -> AsyncIterator[FastAPI]:
    servers = str(broker_settings.kafka_bootstrap_servers)
    async with app_on(reader, writer, servers, broker_settings.topics) as built:
        yield built


@pytest.fixture
async def commander(kafka_app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
    async with Caller(kafka_app, keys["operator"]) as client:
        yield client
