"""The internals of Faust 0.15.3 on which agents/kafka relies. A release that changes them fails here."""

import inspect

import aiokafka
import aiokafka.consumer.fetcher as aiokafka_fetcher
import faust
from faust.app.base import BootStrategy
from faust.tables.recovery import Recovery
from faust.transport.conductor import ConductorCompiler
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from mode.threads import QueueServiceThread

from agents.app import AgentsApp
from agents.kafka.consumer import BatchConsumer
from agents.kafka.consumer_thread import BatchConsumerThread
from agents.kafka.transport import BatchTransport


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
            "verify_event_path",
            "_drain_messages",
            "_seek",
            "on_partitions_revoked",
            "on_partitions_assigned",
            "perform_seek",
            "resume_flow",
            "_add_gap",
            "_filter_tps_with_pending_acks",
            "_filter_committable_offsets",
        ],
        driver.AIOKafkaConsumerThread: ["_create_worker_consumer", "_fetch_records", "seek"],
    }.items():
        for name in names:
            assert callable(getattr(owner, name)), name
    assert isinstance(QueueServiceThread.method_queue, property)
    assert "self._filter_committable_offsets(tps)" in source(Consumer._commit_tps)
    assert "self._filter_tps_with_pending_acks(topics)" in source(Consumer.force_commit)
    assert "getmany = self.getmany" in source(Consumer._drain_messages)
    assert "self.Consumer(self" in source(driver.Transport.create_consumer)


def test_nothing_of_faust_seeks_but_the_recovery_which_then_resumes() -> None:
    assert source(Recovery).count("perform_seek(") == 2  # one of them after tables, of which we have none
    assert "await self._consumer.start()" in source(driver.AIOKafkaConsumerThread.on_start)
    assert "offset >= r_offset" in source(Consumer._drain_messages)  # what is before it is dropped


def test_only_force_commit_and_wait_empty_lead_to_the_broker() -> None:
    """Every commit passes `_commit_tps`, and with it the watermark."""
    assert source(Consumer).count("self._commit_offsets(") == 1
    assert "stream_wait_empty" in source(Consumer.on_stop)


def test_a_batch_message_goes_through_the_conductor_untouched() -> None:
    text = source(ConductorCompiler.build)
    assert "await chan.decode(message, propagate=True)" in text


def test_the_wait_at_the_broker_is_still_fixed_where_we_change_it() -> None:
    assert "fetch_max_wait_ms=1500" in source(driver.AIOKafkaConsumerThread._create_worker_consumer)
    for name in ("_fetch_max_wait_ms", "_fetch_max_bytes"):
        assert f"self.{name} = " in source(aiokafka.AIOKafkaConsumer.__init__)
        assert f"self.{name}," in source(aiokafka.AIOKafkaConsumer.start)


def test_what_is_fetched_waits_where_we_take_it_from() -> None:
    """agents.kafka.fetch does what `Fetcher.fetched_records` and `FetchResult.getall` do."""
    taking = source(aiokafka_fetcher.Fetcher.fetched_records)
    for step in (
        "self._subscriptions.reassignment_in_progress",
        "for tp in list(self._records.keys())",
        "self._notify(self._wait_consume_future)",
        "self._create_fetch_waiter()",
    ):
        assert step in taking, step
    assert "for msg in self._partition_records" in source(aiokafka_fetcher.FetchResult.getall)
    assert "state.consumed_to(self._partition_records.next_fetch_offset)" in source(
        aiokafka_fetcher.FetchResult._update_position
    )
    assert "isolation_level=self._isolation_level" in source(aiokafka.AIOKafkaConsumer.start)
    assert "self._fetch_records," in source(driver.AIOKafkaConsumerThread.getmany)


def test_no_producer_of_faust_is_started() -> None:
    assert AgentsApp.BootStrategy.enable_kafka_producer is False
    assert "return self.enable_kafka_producer" in source(BootStrategy._should_enable_kafka_producer)
    # Each commit and each rebalance flushes it all the same.
    assert "if self._producer is not None" in source(faust.App._producer_flush)
    assert "if self._producer is not None" in source(driver.Producer.flush)


def test_a_crash_of_any_part_of_faust_reaches_the_app() -> None:
    assert "child._crash(reason)" in source(faust.Service.crash)


def test_ours_are_what_is_used() -> None:
    assert BatchTransport.Consumer is BatchConsumer
    assert issubclass(BatchConsumerThread, driver.AIOKafkaConsumerThread)
