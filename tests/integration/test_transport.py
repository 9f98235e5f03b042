"""What agents/transport.py relies on inside Faust 0.15.3. A release that changes it must be looked at, not shipped."""

import inspect

import aiokafka
import faust
from faust.transport.conductor import ConductorCompiler
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver

from agents.transport import BatchConsumer, BatchConsumerThread, BatchTransport


def source(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type]


def test_the_versions_are_those_that_were_read() -> None:
    assert faust.__version__ == "0.15.3"
    assert aiokafka.__version__ == "0.14.0"


def test_the_methods_that_we_override_are_there_and_called() -> None:
    for owner, names in {
        driver.Consumer: [
            "_new_consumer_thread",
            "getmany",
            "on_partitions_revoked",
            "on_partitions_assigned",
            "_add_gap",
            "_filter_tps_with_pending_acks",
            "_filter_committable_offsets",
        ],
        driver.AIOKafkaConsumerThread: ["_create_worker_consumer"],
    }.items():
        for name in names:
            assert callable(getattr(owner, name)), name
    assert "self._filter_committable_offsets(tps)" in source(Consumer._commit_tps)
    assert "self._filter_tps_with_pending_acks(topics)" in source(Consumer.force_commit)
    assert "getmany = self.getmany" in source(Consumer._drain_messages)
    assert "self.Consumer(self" in source(driver.Transport.create_consumer)


def test_only_force_commit_and_wait_empty_lead_to_the_broker() -> None:
    """Every commit passes `_commit_tps`, and with it the fence."""
    assert source(Consumer).count("self._commit_offsets(") == 1
    assert "stream_wait_empty" in source(Consumer.on_stop)


def test_a_batch_message_goes_through_the_conductor_untouched() -> None:
    text = source(ConductorCompiler.build)
    assert "await chan.decode(message, propagate=True)" in text


def test_the_wait_at_the_broker_is_still_fixed_where_we_change_it() -> None:
    assert "fetch_max_wait_ms=1500" in source(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert "_fetch_max_wait_ms" in source(aiokafka.AIOKafkaConsumer.__init__)


def test_ours_are_what_is_used() -> None:
    assert BatchTransport.Consumer is BatchConsumer
    assert issubclass(BatchConsumerThread, driver.AIOKafkaConsumerThread)
