"""Processes that start before what they need: they say what is missing, once, and go on when it is there."""

import asyncio
import json
import signal
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from agents.metrics import MISSING_TOPICS, WAITING
from agents.process.start import until_topics
from agents.upkeep.topics import TopicWatch
from api.app import build_api
from api.authentication import Authenticator
from broker.errors import BrokerUnavailable
from broker.reading import check_reading
from broker.settings import BrokerSettings
from broker.topics import create_topics, missing_topics
from cli.documents.__main__ import ROOT
from embedded.ports import free_port
from schemas.catalogue import CATALOGUE
from schemas.policy import Policy
from schemas.topics import Topics
from storage.check import check_database
from storage.database import Database
from storage.errors import NotLetIn, SchemaUnfit, StorageUnavailable
from storage.migrate import migrate
from storage.schema_version import check_schema
from storage.settings import StorageSettings
from tests.support.access import ROW
from tests.support.agents import produce, running_worker, send_command, stored
from tests.support.events import result
from tests.support.kafka_admin import delete_topic
from tests.support.processes import conexoes, end
from tests.support.proxy import proxied
from tests.support.record_batch import STAND_IN, produce_batch, record_batch
from tests.support.schema import had
from tests.support.secure_kafka import LOGINS, Grant, SecureKafka, secure_kafka
from tests.support.served import until_alive
from tests.support.waiting import eventually


async def begun(log: Path, work: str, said: str) -> dict[str, Any]:
    """The one line with which waiting for `work` begins."""

    async def look() -> dict[str, Any] | None:
        found = [each for each in lines(log) if each["event"] == "waiting" and each["work"] == work]
        matching = [each for each in found if said in each["reason"]]
        return matching[0] if matching else None

    line = await eventually(look)
    assert line is not None
    return line


def lines(log: Path) -> list[dict[str, Any]]:
    text = log.read_text("utf-8") if log.exists() else ""
    assert "Traceback" not in text
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


async def ready(log: Path) -> None:
    async def look() -> bool:
        return any(each["event"] == "ready" for each in lines(log))

    await eventually(look)


async def test_agents_wait_for_the_schema_and_then_for_the_topics(
    kafka_servers: str, owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.execute("DROP SCHEMA conexoes CASCADE; DROP TABLE public._pogo_migration, public._pogo_version")
    broker = BrokerSettings(kafka_bootstrap_servers=kafka_servers, topic_prefix=f"t{uuid.uuid4().hex[:12]}")
    log = tmp_path / "log"
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_servers,
        "TOPIC_PREFIX": broker.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
    }
    async with conexoes("agents", log=log, **settings) as process:
        line = await begun(log, "schema", "conexoes migrate")
        assert "no schema" in line["reason"]
        await migrate(database_url, 90)
        line = await begun(log, "topics", "conexoes topics")
        assert f"topic {broker.topics.commands} is missing" in line["reason"]
        await create_topics(kafka_servers, broker)
        await ready(log)
        assert await end(process, signal.SIGTERM) == 0


@pytest.mark.parametrize("what", ["retry", "dead_letter", "events"])
async def test_a_topic_that_is_missing_and_only_written_keeps_no_worker_from_its_work(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    what: str,
) -> None:
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    missing = topics.retry("price") if what == "retry" else getattr(topics, what)
    reprocessed = ("price", "tracking")
    await delete_topic(servers, missing)

    async def sent() -> set[str]:
        rows = await owner.fetch("SELECT integration_type FROM reprocess_items WHERE state = 'sent'")
        return {row["integration_type"] for row in rows}

    async def said() -> bool:
        return bool(MISSING_TOPICS._value.get() == 1)

    async with running_worker(broker_settings, storage_settings, data_dir):
        events = [result(each.name, each.name, key=f"SKU-{each.name}") for each in CATALOGUE]
        await produce(servers, topics.prefix, events)
        await stored(owner, len(CATALOGUE))
        for name in reprocessed:
            found = await owner.fetchval("SELECT id FROM status_logs WHERE integration_type = $1", name)
            await send_command(broker_settings, f"c-{name}", [found], integration_type=name)

        async def others_leave() -> bool:
            return await sent() == ({"tracking"} if what == "retry" else set(reprocessed))

        async def all_leave() -> bool:
            return await sent() == set(reprocessed)

        await eventually(others_leave)
        await eventually(said)
        await create_topics(servers, broker_settings)
        await eventually(all_leave)


async def test_a_missing_topic_is_said_when_it_is_missed_and_when_it_is_back(broker_settings: BrokerSettings) -> None:
    servers, missing = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.events
    watch = TopicWatch(servers, broker_settings)
    await delete_topic(servers, missing)
    with capture_logs() as said:
        for _ in range(3):
            await watch.once()
        await create_topics(servers, broker_settings)
        await watch.once()
    assert [(each["event"], each["work"]) for each in said] == [
        (each, "missing topics") for each in ("waiting", "waited")
    ]
    assert said[0]["reason"] == f"topic {missing} is missing: run `conexoes topics`"


async def test_agents_wait_for_their_rights(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    async with secure_kafka(tmp_path / "kafka") as kafka:
        broker = _settings(kafka, "topics", f"t{uuid.uuid4().hex[:12]}")
        await create_topics(kafka.open, BrokerSettings(topic_prefix=broker.topic_prefix))
        log = tmp_path / "log"
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.sasl_ssl,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_USERNAME": "agents",
            "KAFKA_SASL_PASSWORD": LOGINS["agents"],
            "KAFKA_SSL_CAFILE": str(kafka.cafile),
            "TOPIC_PREFIX": broker.topic_prefix,
            "DATABASE_URL": database_url,
            "DATA_DIR": str(tmp_path / "data"),
        }
        async with conexoes("agents", log=log, **settings) as process:
            await begun(log, "topics", "is missing, or we may not Describe it")
            await _refusal(kafka, broker.topics, "Topic", "GroupAuthorizationFailedError")
            await _refusal(kafka, broker.topics, "Group", "TopicAuthorizationFailedError")
            assert process.returncode is None
            await _allow(kafka, broker.topics, "Read", "Write")
            await ready(log)
            assert await end(process, signal.SIGTERM) == 0
        assert len([each for each in lines(log) if each.get("logger") == "aiokafka"]) < 20


async def _refusal(kafka: SecureKafka, topics: Topics, kind: str, said: str) -> None:
    """Grant Describe on all, then Read on groups: what is missing after each is said by its name."""
    if kind == "Topic":
        await _allow(kafka, topics, "Describe", "DescribeConfigs")
    else:
        await kafka.allow("agents", Grant("Group", f"{topics.prefix}-agents", "Read"))
    security = _settings(kafka, "agents", topics.prefix).security

    async def look() -> bool:
        with pytest.raises(BrokerUnavailable) as refused:
            await check_reading(kafka.sasl_ssl, security, topics.read_by_agents(), f"{topics.prefix}-agents")
        return said in str(refused.value)

    await eventually(look)


async def _allow(kafka: SecureKafka, topics: Topics, *operations: str) -> None:
    for who, kind, name, given in ROW.findall((ROOT / "docs/kafka-security.md").read_text("utf-8")):
        if who == "agents":
            named = name.replace("conexoes", topics.prefix, 1)
            wanted = [each for each in given.split(", ") if each in operations]
            await kafka.allow(who, *(Grant(kind, named, each) for each in wanted))


def _settings(kafka: SecureKafka, user: str, prefix: str) -> BrokerSettings:
    return BrokerSettings(
        kafka_bootstrap_servers=kafka.sasl_ssl,
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username=user,
        kafka_sasl_password=LOGINS[user],
        kafka_ssl_cafile=kafka.cafile,
        topic_prefix=prefix,
    )


async def test_a_cluster_that_no_broker_has_joined_yet_is_waited_for(
    broker_settings: BrokerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka answers a moment before its broker is registered: aiokafka asserts that it knows one."""
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    monkeypatch.setattr("aiokafka.client.AIOKafkaClient.get_random_node", lambda _client: None)
    with pytest.raises(BrokerUnavailable, match="no broker has joined"):
        await check_reading(servers, broker_settings.security, topics.read_by_agents(), f"{topics.prefix}-agents")
    with pytest.raises(BrokerUnavailable, match="node"):
        await missing_topics(servers, broker_settings, topics.names())


async def test_a_host_without_an_address_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = {"DATABASE_URL": "postgresql://u:s3cret@nowhere.invalid/x", "DATA_DIR": str(tmp_path)}
    settings |= {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    async with conexoes("agents", log=log, **settings) as process:
        line = await begun(log, "schema", "nowhere.invalid")
        assert process.returncode is None
    assert "s3cret" not in str(line)


@pytest.fixture
async def refused_login(owner: asyncpg.Connection, database_url: str) -> str:
    """The URL of a login that has none of our roles."""
    name = f"plain_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'plain'")
    return f"postgresql://{name}:plain@{database_url.partition('@')[2]}"


async def test_a_login_without_its_role_is_told_which(refused_login: str, storage_settings: StorageSettings) -> None:
    database = Database(refused_login, "writer", storage_settings)
    with pytest.raises(NotLetIn, match="conexoes_writer"):
        await check_schema(database)
    await database.close()
    assert any("As writer" in each for each in await check_database(refused_login, storage_settings))


@pytest.mark.parametrize("while_running", [False, True], ids=["before a start", "under a running worker"])
async def test_a_right_that_is_missing_is_waited_for(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    tmp_path: Path,
    owner: asyncpg.Connection,
    *,
    while_running: bool,
) -> None:
    """A right is not granted yet, or taken away: the worker says which, and goes on when it is there."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": prefix,
        "DATABASE_URL": str(storage_settings.database_url),
        "DATA_DIR": str(tmp_path),
    }
    log = tmp_path / "log"
    await produce(servers, prefix, [result("early", key="SKU-1")])
    if not while_running:
        await owner.execute("REVOKE INSERT ON attempts FROM conexoes_writer")
    async with conexoes("agents", log=log, **settings) as process:
        if while_running:
            await stored(owner, 1)
            await owner.execute("REVOKE INSERT ON attempts FROM conexoes_writer")
        await produce(servers, prefix, [result("late", key="SKU-1")])
        await begun(log, "store", "permission denied for table attempts")
        assert process.returncode is None
        await owner.execute("GRANT INSERT ON attempts TO conexoes_writer")
        await stored(owner, 2)
        assert process.returncode is None


@pytest.mark.parametrize("made", ["NOLOGIN", "LOGIN"], ids=["28000, as by pg_hba", "28P01"])
async def test_a_login_that_is_refused_is_a_sentence(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, tmp_path: Path, made: str
) -> None:
    name = f"plain_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {name} {made} PASSWORD 'another'")
    password = "another" if made == "NOLOGIN" else "wrong"
    refused = f"postgresql://{name}:{password}@{database_url.partition('@')[2]}"
    database = Database(refused, "owner", storage_settings)
    with pytest.raises(NotLetIn, match=name):
        await check_schema(database)
    await database.close()
    log = tmp_path / "log"
    async with conexoes("migrate", log=log, DATABASE_URL=refused, DATA_DIR=str(tmp_path)) as process:
        assert await asyncio.wait_for(process.wait(), 60) == 1
    [line] = log.read_text("utf-8").splitlines()
    assert "PostgreSQL does not let us in" in line


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("SELECT FROM a_table", "a_table"),
        ("SELECT a_column FROM saved_views", "a_column"),
        ("SELECT a_function()", "a_function"),
        ("SELECT NULL::a_type", "a_type"),
        ("SELECT NULL::a_schema.a_type", "a_schema"),
    ],
)
async def test_what_is_not_migrated_yet_is_waited_for(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, query: str, missing: str
) -> None:
    """A newer program misses it in an older schema, and all of it while the schema is away."""
    reader = Database(database_url, "reader", storage_settings)
    with pytest.raises(SchemaUnfit, match=missing):
        async with reader.connection() as connection:
            await connection.fetch(query)
    await reader.close()


@pytest.mark.parametrize("role", ["writer", "reader"])
async def test_every_role_sees_the_version_of_the_schema(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, role: Any
) -> None:
    database = Database(database_url, role, storage_settings)
    assert await check_schema(database) == ([], [])
    await owner.execute("DELETE FROM public._pogo_migration WHERE migration_id LIKE '0010%'")
    for runs in (False, True):
        with pytest.raises(StorageUnavailable, match=r"earlier version.*0010_access"):
            await check_schema(database, runs=runs)
    await database.close()


@pytest.mark.parametrize("role", ["writer", "reader"])
async def test_a_later_schema_is_refused_at_the_start_unless_it_is_meant(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, role: Any
) -> None:
    """A process that runs when the database is migrated goes on, and the version before can come back."""
    await had(owner, "9999_what_comes")
    database = Database(database_url, role, storage_settings)
    with pytest.raises(SchemaUnfit, match=r"later version.*9999_what_comes.*CONEXOES_LATER_SCHEMA"):
        await check_schema(database)
    assert (await check_schema(database, runs=True)).unknown == ["9999_what_comes"]
    await database.close()
    meant = Database(database_url, role, storage_settings.model_copy(update={"later_schema": True}))
    assert (await check_schema(meant)).unknown == ["9999_what_comes"]
    await meant.close()


@pytest.mark.parametrize("process", ["api", "admin"])
async def test_a_schema_that_is_not_known_is_refused_with_a_sentence(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path, process: str
) -> None:
    await owner.execute("DELETE FROM public._pogo_migration WHERE migration_id LIKE '0010%'")
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    log = tmp_path / "log"
    async with conexoes(process, log=log, HTTP_PORT=str(free_port()), **settings) as running:
        assert await asyncio.wait_for(running.wait(), 60) == 1
    [line] = log.read_text("utf-8").splitlines()
    assert line.startswith("conexoes: The database is of an earlier version: run `conexoes migrate` (0010_access)")


@pytest.mark.parametrize("process", ["api", "admin"])
@pytest.mark.parametrize("is_later", [False, True], ids=["an earlier schema", "a later schema"])
async def test_a_schema_is_refused_when_the_database_comes_after_the_start(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path, process: str, *, is_later: bool
) -> None:
    if is_later:
        await had(owner, "9999_what_comes")
    else:
        await owner.execute("DELETE FROM public._pogo_migration WHERE migration_id LIKE '0010%'")
    log, port = tmp_path / "log", free_port()
    async with proxied(database_url) as (proxy, url):
        proxy.mode = "refuse"
        settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
        async with (
            conexoes(process, log=log, HTTP_PORT=str(port), **settings) as running,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            await until_alive(client)
            assert (await client.get("/readyz")).status_code == 503
            proxy.mode = "pass"
            assert await asyncio.wait_for(running.wait(), 60) == 1
    said = "of a later version, which this one does not know (9999_what_comes)" if is_later else "of an earlier version"
    assert f"conexoes: The database is {said}" in log.read_text("utf-8")
    assert len([each for each in lines(log) if each["event"] == "waiting" and each["work"] == "schema"]) == 1


async def test_readiness_knows_the_schema(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    reader = Database(database_url, "reader", storage_settings)
    app = build_api(reader, Authenticator(reader, None), Policy())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api") as client:
        assert (await client.get("/readyz")).status_code == 200
        await owner.execute("DROP TABLE public._pogo_migration")

        async def refused() -> bool:
            answer = await client.get("/readyz")
            return answer.status_code == 503 and "conexoes migrate" in answer.text

        await eventually(refused)
    await reader.close()


async def test_kafka_that_goes_away_when_a_worker_has_looked_at_it_is_waited_for(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look at the topics and Faust's start, where an error would be the end of the process."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with proxied(f"kafka://{servers}") as (proxy, _url):

        async def gone(*arguments: Any) -> None:
            await until_topics(*arguments)
            proxy.mode = "refuse"

        async def waits() -> bool:
            return bool(WAITING.labels("connecting to Kafka")._value.get() == 1)

        async def back() -> None:
            await eventually(waits)
            proxy.mode = "pass"

        monkeypatch.setattr("agents.worker.until_topics", gone)
        behind = broker_settings.model_copy(update={"kafka_bootstrap_servers": proxy.address})
        coming = asyncio.create_task(back())
        async with running_worker(behind, storage_settings, data_dir):
            await coming
            await produce(servers, prefix, [result("a")])
            await stored(owner, 1)


async def test_a_record_batch_that_nobody_can_read_keeps_no_process_from_starting(
    broker_settings: BrokerSettings,
) -> None:
    """Batches of this kind come while the rights to read are asked for."""
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    topic = topics.results("price")
    event = result("a")
    unreadable = record_batch([event._replace(headers=[*event.headers, (STAND_IN, b"x")])])

    checked = asyncio.Event()

    async def send() -> None:
        while not checked.is_set():
            await produce_batch(servers, topic, 0, unreadable)

    sending = asyncio.create_task(send())
    try:
        for _ in range(3):
            await check_reading(servers, broker_settings.security, topics.read_by_agents(), f"{topics.prefix}-agents")
    finally:
        checked.set()
        await sending
