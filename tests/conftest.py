"""A real Kafka and a real PostgreSQL for the whole run; a database and topics of its own for each test."""

import asyncio
import json
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from broker.settings import BrokerSettings
from broker.topics import create_topics
from embedded.ports import free_port
from embedded.system import EmbeddedSystem
from schemas.policy import Policy
from storage.database import Database
from storage.migrate import migrate
from storage.settings import StorageSettings
from tests.support.changed_tree import SERVERS, GivenServers
from tests.support.memory import keep_files_in_memory
from tests.support.opened import opened
from tests.support.reprocess import Desk

#: One profile for all: a loaded machine fails no test, and a test may be slow to make an example.
hypothesis.settings.register_profile("conexoes", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("conexoes")

PARTITIONS = 3
RETENTION_DAYS = 90


def pytest_configure() -> None:
    """Make files in memory, before the first temporary directory is made and other processes of this run begin."""
    keep_files_in_memory()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """A developer's environment must not reach the tests."""
    for name in [name for name in os.environ if name.startswith("CONEXOES_")]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def crashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Errors that would have ended the process. A test that expects one empties the list; any other test fails."""
    found: list[str] = []

    def die(what: str, exc: BaseException | None = None) -> None:
        found.append(f"{what}: {exc!r}")

    monkeypatch.setattr("agents.process.crash.die", die)
    yield found
    assert not found, found


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedSystem | GivenServers]:
    """Started when the first test needs them; one that can't start fails that test and all after it.

    Those of the parent, in a run that tests.support.changed_tree has started.
    Not in pytest's own directory: another run of pytest closes that to other users, and as root PostgreSQL is one.
    """
    if SERVERS in os.environ:
        yield GivenServers(*json.loads(os.environ[SERVERS]))
        return
    with tempfile.TemporaryDirectory(prefix="conexoes-tests-") as directory, asyncio.Runner() as runner:
        system = EmbeddedSystem(Path(directory), kafka_port=free_port(), durable=False)
        runner.run(system.__aenter__())
        try:
            yield system
        finally:
            runner.run(system.__aexit__(None, None, None))


def _sibling(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


@pytest.fixture(scope="session")
def template_database(servers: EmbeddedSystem) -> str:
    """The name of a database with every migration applied, to be cloned."""
    name = f"conexoes_template_{uuid.uuid4().hex[:8]}"

    async def make() -> None:
        connection = await asyncpg.connect(servers.database_url)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        await migrate(_sibling(servers.database_url, name), RETENTION_DAYS)

    asyncio.run(make())
    return name


@pytest.fixture
async def database_url(servers: EmbeddedSystem, template_database: str) -> AsyncIterator[str]:
    """The owner's URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield _sibling(servers.database_url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do anything, and sees every row."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "conexoes", "timezone": "UTC"})
    yield connection
    await connection.close()


@pytest.fixture
def storage_settings(database_url: str) -> StorageSettings:
    return StorageSettings(database_url=database_url)


@pytest.fixture
def kafka_log(servers: EmbeddedSystem) -> Path:
    """The directory in which the broker keeps its partitions."""
    return servers._data_dir / "kafka" / "data"


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url, "writer") as database:
        yield database


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url, "reader") as database:
        yield database


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    """The steps of a reprocess without Kafka, by the default policy."""
    one = Desk(database_url, storage_settings, Policy())
    yield one
    await one.close()


@pytest.fixture
def kafka_servers(servers: EmbeddedSystem) -> str:
    return servers.kafka_bootstrap_servers


@pytest.fixture
async def broker_settings(kafka_servers: str) -> AsyncIterator[BrokerSettings]:
    """Settings with a prefix of this test's own, whose topics exist."""
    settings = BrokerSettings(
        kafka_bootstrap_servers=kafka_servers, topic_prefix=f"t{uuid.uuid4().hex[:12]}", topic_partitions=PARTITIONS
    )
    await create_topics(kafka_servers, settings)
    yield settings
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    await admin.delete_topics(settings.topics.names())
    await admin.close()


@pytest.fixture
def topic_prefix(broker_settings: BrokerSettings) -> str:
    return broker_settings.topic_prefix


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
