"""Log lines of an outage, however many tries and tasks it has, and of a library that repeats itself."""

import logging

import structlog
from structlog.testing import capture_logs

from broker.outage import EVERY_SECONDS, Outages
from broker.repeated_lines import REPEAT_SECONDS, SameLineOncePerMinute, quiet_kafka
from cli.logs import REPEATING


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_thousand_tries_are_three_lines() -> None:
    clock = Clock()
    with capture_logs() as lines:
        outages = Outages(structlog.get_logger(), clock)
        for _ in range(1000):
            outages.failed("store", "refused")
            clock.now += (EVERY_SECONDS + 1) / 1000
        outages.worked("store")
        outages.worked("store")
    assert [(line["event"], line["failures"]) for line in lines] == [("waiting", 1), ("waiting", 985), ("waited", 1000)]


def test_what_comes_and_goes_is_said_once_a_minute() -> None:
    clock = Clock()
    with capture_logs() as lines:
        outages = Outages(structlog.get_logger(), clock)
        for _ in range(600):
            outages.failed("store", "refused")
            outages.worked("store")
            clock.now += 0.1
        assert len(lines) == 2
        clock.now += 0.1
        outages.failed("store", "refused")
    assert len(lines) == 3


def test_each_work_has_its_own_outage() -> None:
    with capture_logs() as lines:
        outages = Outages(structlog.get_logger(), Clock())
        outages.failed("store", "a")
        outages.failed("dispatch", "b")
        outages.worked("dispatch")
    assert [(line["event"], line["work"]) for line in lines] == [
        ("waiting", "store"),
        ("waiting", "dispatch"),
        ("waited", "dispatch"),
    ]


def _record(name: str, message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, None)


def test_a_library_s_line_passes_once_a_minute_and_says_how_many_there_were() -> None:
    clock = Clock()
    once = SameLineOncePerMinute(*REPEATING, clock=clock)
    lines = [_record("aiokafka.conn", "Unable to connect to node %s: %s", node, "refused") for node in range(50)]
    assert [once.filter(line) for line in lines] == [True, *[False] * 49]
    assert not once.filter(_record("aiokafka.conn", "Unable to connect to node %s: %s", 7, "timed out"))
    assert once.filter(_record("aiokafka.conn", "Something else"))
    clock.now += REPEAT_SECONDS
    again = _record("aiokafka.conn", "Unable to connect to node %s: %s", 1, "refused")
    assert once.filter(again)
    assert again.getMessage() == "Unable to connect to node 1: refused (and 50 like it)"


def test_our_own_lines_all_pass() -> None:
    once = SameLineOncePerMinute(*REPEATING, clock=Clock())
    assert all(once.filter(_record("agents.results.ingest", "dead letter")) for _ in range(5))


def test_malformed_requests_are_one_line_and_each_kind_of_bug_is_one() -> None:
    once = SameLineOncePerMinute(*REPEATING, clock=Clock())
    malformed = [once.filter(_record("uvicorn.error", "Invalid HTTP request received.")) for _ in range(5)]
    assert malformed == [True, *[False] * 4]
    for error in (ValueError("a"), KeyError("b")):
        record = _record("uvicorn.error", "Exception in ASGI application")
        record.exc_info = (type(error), error, None)
        assert once.filter(record)


def test_aiokafka_s_own_loggers_repeat_nothing_wherever_a_program_sends_them() -> None:
    """A program that uses the SDK has handlers of its own."""
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    names = ("aiokafka", "aiokafka.conn", "aiokafka.consumer.group_coordinator")
    logging.root.addHandler(handler)
    try:
        for name in names:
            quiet_kafka()
            for number in range(10):
                logging.getLogger(name).error("Unable connect to node with id %s", number)
    finally:
        logging.root.removeHandler(handler)
    assert len(seen) == len(names)
