"""Waits for what an agents process needs before it starts, and says what is missing."""

import structlog

from agents.metrics import IngestWork
from agents.process.availability import until_available
from broker.errors import BrokerUnavailable
from broker.reading import check_reading
from broker.settings import BrokerSettings
from broker.topics import check_topics, missing_topics
from storage.database import Database
from storage.schema_version import check_schema

log = structlog.get_logger(__name__)


async def until_schema(database: Database) -> None:
    """Wait for PostgreSQL, for the rights of this login, and for a schema that this version may start on."""
    found = await until_available(IngestWork.SCHEMA, lambda: check_schema(database))
    if found.later is not None:  # it is meant
        log.warning("schema", reason=found.later)


async def until_topics(servers: str, settings: BrokerSettings, group: str) -> None:
    """Wait for Kafka, the topics that are read, and the right to read them as `group`.

    What else is wrong with topics is said only: one that is written and missing holds back what goes there, and
    nothing else (agents.upkeep.topics).
    """
    read = settings.topics.read_by_agents()

    async def look() -> None:
        missing = await missing_topics(servers, settings, read)
        if missing:
            raise BrokerUnavailable(f"{'; '.join(missing)}: run `conexoes topics`")
        await check_reading(servers, settings.security, read, group)

    await until_available(IngestWork.TOPICS, look)
    for fault in await until_available(IngestWork.TOPICS, lambda: check_topics(servers, settings)):
        log.warning("topics", fault=fault)
