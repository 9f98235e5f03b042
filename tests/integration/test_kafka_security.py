"""A Kafka with TLS, logins and access lists: each process with the rights that docs/kafka-security.md names."""

import asyncio
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.letter_topic import LetterTopic
from agents.kafka.unpublished_letters import UnpublishedLetters
from broker.errors import BrokerUnavailable
from broker.publisher import Publisher, Record
from broker.security import Security
from broker.settings import BrokerSettings
from broker.structured import command_record
from broker.topics import check_topics, create_topics
from cli.documents.__main__ import ROOT
from conexoes_connector import Answer, Connector, Retry, serve_retries
from schemas.reprocess import ReprocessRequest
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings
from tests.support.access import ROW
from tests.support.agents import every_record, running_worker, stored
from tests.support.events import raw
from tests.support.letters import refused
from tests.support.processes import conexoes
from tests.support.secure_kafka import LOGINS, Grant, SecureKafka, secure_kafka
from tests.support.waiting import eventually

FIXED = ("conexoes_reprocess_items_total", {"state": "fixed"})


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with asyncio.Runner() as runner:
        broker = secure_kafka(tmp_path_factory.mktemp("kafka"))
        found = runner.run(broker.__aenter__())
        yield found
        runner.run(broker.__aexit__(None, None, None))


@pytest.fixture
async def topics(kafka: SecureKafka) -> Topics:
    """The topics of one test, with the rights of the page and no others."""
    found = Topics(prefix=f"t{uuid.uuid4().hex[:12]}")
    for who, kind, name, operations in ROW.findall((ROOT / "docs/kafka-security.md").read_text("utf-8")):
        named = name.replace("conexoes", found.prefix, 1) if name else f"{found.prefix}-own"
        await kafka.allow(who, *(Grant(kind, named, each) for each in operations.split(", ")))
    owner = settings(kafka, "topics", found)

    async def created() -> bool:  # brokers learn of rights a moment later
        with suppress(BrokerUnavailable):
            await create_topics(kafka.sasl_ssl, owner)
        return not await check_topics(kafka.sasl_ssl, owner)

    await eventually(created)
    return found


def settings(kafka: SecureKafka, user: str, topics: Topics, **changes: Any) -> BrokerSettings:
    fields = {
        "kafka_bootstrap_servers": kafka.sasl_ssl,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_username": user,
        "kafka_sasl_password": LOGINS[user],
        "kafka_ssl_cafile": kafka.cafile,
        "topic_prefix": topics.prefix,
        "topic_partitions": 2,
    }
    return BrokerSettings(**{**fields, **changes})


def connector_of(servers: str, topics: Topics, security: Security) -> Connector:
    return Connector(servers, source="/connectors/test", topic_prefix=topics.prefix, security=security)


async def publish(broker: BrokerSettings, record: Record) -> None:
    publisher = Publisher(str(broker.kafka_bootstrap_servers), security=broker.security, timeout_seconds=10)
    try:
        await publisher.publish(record)
    finally:
        await publisher.close()


async def test_the_rights_of_the_page_are_enough(
    kafka: SecureKafka,
    topics: Topics,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    stop = asyncio.Event()

    async def mend(_retry: Retry) -> Answer:
        return Answer(status="success", message="sent again")

    async def fixed() -> bool:
        return bool(await owner.fetchval("SELECT count(*) = 1 FROM reprocess_items WHERE state = 'fixed'"))

    agents = settings(kafka, "agents", topics)
    counted = REGISTRY.get_sample_value(*FIXED) or 0
    assert await check_topics(kafka.sasl_ssl, agents) == []
    async with (
        running_worker(agents, storage_settings, data_dir),
        connector_of(kafka.sasl_ssl, topics, settings(kafka, "connector", topics).security) as connector,
    ):
        await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="error", message="no")
        await stored(owner, 1)
        await connector.send(Record(topics.results("price"), b"acme/MLB/x", b"{"))
        log_id = str(await owner.fetchval("SELECT id FROM status_logs"))
        asked = ReprocessRequest(
            account="acme", integration_type="price", requested_by="maria", mode="refresh", log_ids=(log_id,)
        )
        await publish(settings(kafka, "admin", topics), command_record(topics, "c1", asked, datetime.now(UTC)))
        serving = asyncio.create_task(
            serve_retries(connector, {"price": mend}, affiliates=None, group=f"{topics.prefix}-own", stop=stop)
        )
        await eventually(fixed)
        assert REGISTRY.get_sample_value(*FIXED) == counted + 1
        stop.set()
        await serving
    assert await owner.fetchval("SELECT code FROM dead_letters") == "json"


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("connector", "commands"),
        ("connector", "retry"),
        ("connector", "dead_letter"),
        ("admin", "retry"),
        ("admin", "dead_letter"),
    ],
)
async def test_nobody_writes_where_another_does(kafka: SecureKafka, topics: Topics, user: str, kind: str) -> None:
    names = {
        "commands": topics.commands,
        "retry": topics.retry("price"),
        "dead_letter": topics.dead_letter,
        "results": topics.results("price"),
    }
    with pytest.raises(BrokerUnavailable, match="TopicAuthorizationFailedError"):
        await publish(settings(kafka, user, topics), Record(names[kind], b"k", b"v"))


async def test_a_letter_that_may_not_be_written_is_stored_and_waits_for_the_right(
    kafka: SecureKafka, topics: Topics, writer: Database, owner: asyncpg.Connection
) -> None:
    """A login that may not write to the dead-letter topic, as that of the agents when a right was taken away."""
    publisher = Publisher(kafka.sasl_ssl, security=settings(kafka, "connector", topics).security, timeout_seconds=10)
    topic = LetterTopic(topics.dead_letter, publisher)
    unpublished = UnpublishedLetters(topic, writer)
    await DeadLetters(topic, writer).keep(refused([raw(b"{")]))
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == 1
    with pytest.raises(BrokerUnavailable, match="TopicAuthorizationFailedError"):
        await unpublished.publish()
    await kafka.allow("connector", Grant("Topic", topics.dead_letter, "Write"))

    async def published() -> bool:
        with suppress(BrokerUnavailable):
            await unpublished.publish()
        return not await owner.fetchval("SELECT count(*) FROM unpublished_letters")

    await eventually(published)
    await publisher.close()
    assert [each.value for each in await every_record(kafka.open, topics.dead_letter)] == [b"{"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_SSL", "SASL_PLAINTEXT"])
async def test_every_login_is_taken(kafka: SecureKafka, topics: Topics, protocol: str, mechanism: str) -> None:
    encrypted = protocol == "SASL_SSL"
    servers = kafka.sasl_ssl if encrypted else kafka.sasl_plaintext
    broker = settings(
        kafka,
        "connector",
        topics,
        kafka_bootstrap_servers=servers,
        kafka_security_protocol=protocol,
        kafka_sasl_mechanism=mechanism,
        kafka_ssl_cafile=kafka.cafile if encrypted else None,
    )
    async with connector_of(servers, topics, broker.security) as connector:
        await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="success")


async def test_a_certificate_is_a_name_too(kafka: SecureKafka, topics: Topics) -> None:
    security = Security(security_protocol="SSL", ssl_cafile=kafka.cafile, ssl_certfile=kafka.certfile)
    async with connector_of(kafka.ssl, topics, security) as connector:
        await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="success")


async def test_agents_with_a_certificate_get_as_far_as_their_rights(
    kafka: SecureKafka, topics: Topics, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    """Faust's own words for a client's certificate: here the agents come in as `connector`, who may not."""
    await kafka.allow(
        "connector",
        Grant("Topic", f"{topics.prefix}.*", "DescribeConfigs"),
        Grant("Topic", f"{topics.prefix}.*", "Read"),
        Grant("Group", f"{topics.prefix}-agents", "Read"),
    )
    broker = BrokerSettings(
        kafka_bootstrap_servers=kafka.ssl,
        kafka_security_protocol="SSL",
        kafka_ssl_cafile=kafka.cafile,
        kafka_ssl_certfile=kafka.certfile,
        topic_prefix=topics.prefix,
    )
    async with (
        running_worker(broker, storage_settings, data_dir),
        connector_of(kafka.ssl, topics, broker.security) as connector,
    ):
        await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="success")
        await stored(owner, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kafka_sasl_password": "wrong"}, "Authentication failed"),
        ({"kafka_ssl_cafile": None}, "certificate verify failed"),
        ({"kafka_ssl_cafile": "another authority"}, "certificate verify failed"),
    ],
    ids=["password", "authority", "another authority"],
)
async def test_why_kafka_does_not_let_us_in_is_said(
    kafka: SecureKafka, topics: Topics, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    if changes.get("kafka_ssl_cafile"):
        changes = {"kafka_ssl_cafile": kafka.other_cafile}
    broker = settings(kafka, "agents", topics, **changes)
    with pytest.raises(BrokerUnavailable, match=said):
        await check_topics(kafka.sasl_ssl, broker)
    given = {name.upper(): value for name, value in broker.model_dump().items() if value is not None}
    given["KAFKA_SASL_PASSWORD"] = broker.kafka_sasl_password.get_secret_value()  # type: ignore[union-attr]
    log = tmp_path / "log"
    async with conexoes("topics", "--check", log=log, **{name: str(value) for name, value in given.items()}) as process:
        assert await process.wait() == 1
    [line] = log.read_text("utf-8").splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("protocol", "said"), [("SASL_SSL", "does it speak TLS\\?"), ("SASL_PLAINTEXT", "it asks for no login")]
)
async def test_a_kafka_that_asks_nobody_is_said(kafka: SecureKafka, topics: Topics, protocol: str, said: str) -> None:
    cafile = kafka.cafile if protocol == "SASL_SSL" else None
    broker = settings(kafka, "agents", topics, kafka_security_protocol=protocol, kafka_ssl_cafile=cafile)
    with pytest.raises(BrokerUnavailable, match=said):
        await check_topics(kafka.open, broker)


async def test_a_name_that_is_not_the_hosts_is_refused(kafka: SecureKafka, topics: Topics) -> None:
    servers = kafka.sasl_ssl.replace("127.0.0.1", "localhost")
    with pytest.raises(BrokerUnavailable, match="Hostname mismatch"):
        await check_topics(servers, settings(kafka, "agents", topics, kafka_bootstrap_servers=servers))


async def test_what_of_topics_may_not_be_looked_at_is_said(kafka: SecureKafka, topics: Topics) -> None:
    nobody = settings(kafka, "nobody", topics)
    faults = await check_topics(kafka.sasl_ssl, nobody)
    assert faults == [f"topic {name} is missing, or we may not Describe it" for name, _size in topics.all()]
    await kafka.allow("nobody", Grant("Topic", f"{topics.prefix}.*", "Describe"))

    async def settings_are_not_read() -> bool:  # brokers learn of rights a moment later
        found = await check_topics(kafka.sasl_ssl, nobody)
        return all("its settings can't be read: " in each for each in found) and len(found) == len(faults)

    await eventually(settings_are_not_read)


async def test_a_server_that_says_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.topics._TIMEOUT_MS", 300)
    monkeypatch.setattr("broker.reason._TIMEOUT_MS", 300)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        servers = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BrokerUnavailable, match=rf"^{servers}: .*\w"):
            await check_topics(servers, BrokerSettings(kafka_bootstrap_servers=servers))


def test_the_page_names_every_process_that_uses_kafka() -> None:
    rows = ROW.findall((ROOT / "docs/kafka-security.md").read_text("utf-8"))
    assert {who for who, *_rest in rows} == {"topics", "agents", "admin", "connector"}
