"""A bulk reprocess by agents that are killed again and again: every promise holds at the end."""

from pathlib import Path

import pytest

from bench.reprocess import Report, run
from broker.settings import BrokerSettings

pytestmark = pytest.mark.law


@pytest.mark.timeout(600)
async def test_kill_9_during_a_bulk_reprocess_loses_and_doubles_nothing(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path
) -> None:
    """Plan equals outcome, no entity with two retries of different ids, no item without an end, sums always true."""
    report = Report(results=8000, entities=5000, kills=5, fixed_share=0.7)
    servers = str(broker_settings.kafka_bootstrap_servers)
    await run(report, servers, database_url, broker_settings, data_dir)
    assert report.faults == []
    assert report.kills >= 1
    assert "crashed" not in (data_dir / "agents.log").read_text()
