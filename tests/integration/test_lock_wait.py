"""A store that waits for a lock says whose, and since when."""

from pathlib import Path

import asyncpg
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from broker.settings import BrokerSettings
from storage.locks import Blocker
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.events import result
from tests.support.waiting import eventually


def oldest_waiting(prefix: str) -> list[float]:
    """Times of the oldest waiting records of an installation's partitions that have any."""
    return [
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "conexoes_oldest_waiting_timestamp_seconds" and sample.labels["topic"].startswith(prefix)
    ]


async def test_a_batch_that_waits_for_a_lock_says_whose_and_how_old_it_is(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    database_url: str,
    owner: asyncpg.Connection,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    report = await asyncpg.connect(database_url, server_settings={"application_name": "nightly report"})
    with capture_logs() as lines:
        async with running_worker(broker_settings, storage_settings, data_dir):
            async with report.transaction():
                await report.execute("LOCK TABLE conexoes.status_logs")
                await produce(servers, prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(3)])

                async def said() -> bool:
                    return any(line["event"] == "waiting" for line in lines) and bool(oldest_waiting(prefix))

                await eventually(said)
            await stored(owner, 3)

            async def nothing_waits() -> bool:
                return not oldest_waiting(prefix)

            await eventually(nothing_waits)
    [line] = [line for line in lines if line["event"] == "waiting"]
    pid = report.get_server_pid()
    await report.close()
    assert (line["work"], line["log_level"]) == ("store price", "warning")
    assert f"a lock: 'nightly report' (login conexoes, pid {pid}), idle in transaction for " in line["reason"]
    assert [line["work"] for line in lines if line["event"] == "waited"] == ["store price"]


def test_a_session_is_said_as_far_as_it_may_be_known() -> None:
    assert str(Blocker(7, "etl", "", None, None)) == (
        "a session without a name (login etl, pid 7), in a state that the owner of the tables may not read"
    )
    assert str(Blocker(None, None, None, None, None)) == "a prepared transaction (pg_prepared_xacts)"
