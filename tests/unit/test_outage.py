"""Log lines of an outage, however many tries and tasks it has, and of a library that repeats itself."""

import logging

import structlog
from structlog.testing import capture_logs

from broker.outage import EVERY_SECONDS, Outages
from cli.logs import REPEAT_SECONDS, SameLineOncePerMinute


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
    once = SameLineOncePerMinute(clock)
    lines = [_record("aiokafka.conn", "Unable to connect to node %s: %s", node, "refused") for node in range(50)]
    assert [once.filter(line) for line in lines] == [True, *[False] * 49]
    assert not once.filter(_record("aiokafka.conn", "Unable to connect to node %s: %s", 7, "timed out"))
    assert once.filter(_record("aiokafka.conn", "Something else"))
    clock.now += REPEAT_SECONDS
    again = _record("aiokafka.conn", "Unable to connect to node %s: %s", 1, "refused")
    assert once.filter(again)
    assert again.getMessage() == "Unable to connect to node 1: refused (and 50 like it)"


def test_our_own_lines_all_pass() -> None:
    once = SameLineOncePerMinute(Clock())
    assert all(once.filter(_record("agents.results.ingest", "dead letter")) for _ in range(5))
