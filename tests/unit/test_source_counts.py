"""Counts by source in memory: what is told apart, what is kept while it can't be written, and the limits."""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import pytest

from agents.results.source_counts import SOURCE_CHARACTERS, SourceCounts
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from schemas.source_day import place_of
from schemas.timestamp import NANOSECONDS
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.incidents.sources import MAX_SOURCES
from storage.settings import StorageSettings
from tests.support.events import result
from tests.support.seeded_days import DAY, DAY0, HOUR, MINUTE, STEP

NOON = DAY0 + 12 * HOUR


def counts(**options: int) -> SourceCounts:
    """Counts whose database is away."""
    nowhere = Database("postgresql://127.0.0.1:1/nowhere", "writer", StorageSettings(connect_seconds=0.1))
    return SourceCounts(nowhere, **options)


def results(sources: Iterable[str], affiliate: str = "MLB") -> list[Result]:
    event = result(affiliate=affiliate)
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result)
    return [found._replace(source=each) for each in sources]


def ns(at: datetime) -> int:
    return int(at.timestamp()) * NANOSECONDS


def kept(found: SourceCounts) -> dict[tuple[str, str], int]:
    """Return the results that wait to be written, by affiliate and source."""
    waiting: Counter[tuple[str, str]] = Counter()
    for (_step, name), spoken in found._counts.items():
        waiting[name.affiliate, name.source] += spoken.results
    return dict(waiting)


def test_each_source_of_a_step_is_one_count_with_its_times() -> None:
    found = counts()
    for minute, sources in ((0, "aab"), (2, "a"), (7, "a")):
        found.add("price", results(sources), ns(NOON + minute * MINUTE))
    times = {
        (step, name.source): (spoken.results, spoken.first_at - NOON, spoken.last_at - NOON)
        for (step, name), spoken in found._counts.items()
    }
    assert times == {
        (place_of(NOON), "a"): (3, 0 * MINUTE, 2 * MINUTE),
        (place_of(NOON), "b"): (1, 0 * MINUTE, 0 * MINUTE),
        (place_of(NOON + STEP), "a"): (1, 7 * MINUTE, 7 * MINUTE),
    }


def test_sources_that_are_made_up_for_each_event_count_as_too_many_and_those_before_them_by_themselves() -> None:
    found = counts()
    made_up = [f"/made-up/{number}" for number in range(5 * MAX_SOURCES)]
    found.add("price", results(["/first", *made_up, "/first"]), ns(NOON))
    found.add("price", results(["/first", *made_up]), ns(NOON + STEP))
    found.add("price", results(["/other"], affiliate="AMZ"), ns(NOON + STEP))
    told = kept(found)
    assert told["MLB", "/first"] == 3
    assert told["AMZ", "/other"] == 1
    assert sum(told.values()) == 3 + 2 * len(made_up) + 1
    assert len(told) == MAX_SOURCES + 2
    assert told["MLB", ""] == 2 * (len(made_up) - (MAX_SOURCES - 1))
    found.add("price", results(["/next-day"]), ns(NOON + DAY))
    assert kept(found)["MLB", "/next-day"] == 1


def test_what_waits_has_a_limit_and_takes_nobodys_name() -> None:
    found = counts(most=3)
    for number in range(10):
        found.add("price", results([f"/s{number}", f"/t{number}"], affiliate=f"A{number}"), ns(NOON))
    assert list(kept(found)) == [("A0", "/s0"), ("A0", "/t0"), ("A1", "/s1")]
    found.add("price", results(["/s0"], affiliate="A0"), ns(NOON))
    assert kept(found) == {("A0", "/s0"): 2, ("A0", "/t0"): 1, ("A1", "/s1"): 1}


def test_sources_are_told_apart_by_their_beginning() -> None:
    found = counts()
    long = "/" + "ç" * SOURCE_CHARACTERS
    found.add("price", results([long + "1", long + "2"]), ns(NOON))
    assert kept(found) == {("MLB", long[:SOURCE_CHARACTERS]): 2}


async def test_what_could_not_be_written_is_kept_and_an_end_waits_for_no_database() -> None:
    found = counts()
    found.add("price", results("ab"), ns(NOON))
    with pytest.raises(StorageUnavailable):
        await found.write()
    found.add("price", results("bc"), ns(NOON))
    await found.close()
    assert kept(found) == {("MLB", "a"): 1, ("MLB", "b"): 2, ("MLB", "c"): 1}
