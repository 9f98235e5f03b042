"""Reading alone: the fast way beside the reader that knows all rules, by turns in one process, in CPU time.

No Kafka and no PostgreSQL: records in memory, results out. What functions remember is forgotten before each turn, as in
a process that meets its messages for the first time.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bench.events import Event, as_json_batches, as_structured, with_more_errors
from bench.machine import noise
from bench.say import say
from broker.publisher import Record
from schemas.catalogue import BY_NAME
from schemas.reading.reader import ResultsReader
from schemas.redaction import DEFAULT, Redaction
from schemas.result import read

#: Limit of the ratio of the fast way to the full one. They share the look for what may be redacted, the finding of
#: faults and words, and times: together up to half of the fast way.
MOST = 0.55


class _Row(NamedTuple):
    """Records of one kind, and the rules of redaction that apply to them."""

    name: str
    events: Sequence[Event]
    redaction: Redaction | None


def measure(events: Sequence[Event], rounds: int) -> Any:
    """The section `reading` of the results: for each kind of record, both ways in each round."""
    rules = Redaction((DEFAULT,))
    rows = [
        _Row("binary mode, no redaction", events, None),
        _Row("binary mode", events, rules),
        _Row("binary mode, failures with 1 to 4 errors", with_more_errors(events), rules),
        _Row("structured mode", [as_structured(each) for each in events], rules),
        _Row("JSON batches", as_json_batches(events), rules),
    ]
    figures: dict[str, dict[str, Any]] = {each.name: {"name": each.name, "rounds": []} for each in rows}
    noises = []
    for number in range(rounds):
        noises.append(noise())
        for row in rows:
            reached = _round(row, fast_first=number % 2 == 0)
            figures[row.name]["rounds"].append(reached)
            ratio = reached["fast_us"] / reached["full_us"]
            say(f"reading {number + 1}/{rounds}: {row.name}: {reached['fast_us']:.1f} µs, {ratio:.2f} of the full way")
    return {"events": len(events), "rounds": rounds, "noise": noises, "rows": list(figures.values())}


def _round(row: _Row, *, fast_first: bool) -> dict[str, float]:
    """Read the records both ways; return microseconds for a result, and the share that went the fast way."""
    integration_type = BY_NAME[row.events[0].integration_type]
    reader = ResultsReader([integration_type], row.redaction)
    now_ns = time.time_ns()

    def fast(record: Record) -> None:
        reader.read(record.headers, record.key, record.value or b"", now_ns)

    def full(record: Record) -> None:
        list(read(integration_type, record.headers, record.key, record.value or b"", now_ns, redaction=row.redaction))

    ways = [("fast_us", fast), ("full_us", full)]
    taken = {name: _microseconds(row.events, way) for name, way in (ways if fast_first else ways[::-1])}
    counts = reader.drain()
    return {**taken, "fast_share": counts["fast"] / sum(counts.values())}


def _microseconds(events: Sequence[Event], way: Callable[[Record], None]) -> float:
    records = [each.record for each in events]
    _forget()
    started = time.process_time()
    for record in records:
        way(record)
    return (time.process_time() - started) / sum(each.results for each in events) * 1e6


def _forget() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("schemas."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
