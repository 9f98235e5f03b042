"""The promised figures, and if each is kept. Pure: results in, rows out."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final, NamedTuple

from bench.contestants import CONNECT, CONNECT_INDEXED, FASTSTREAM, FAUST, JSON_BATCHES, OURS, TOGETHER
from bench.figures import Spread, ratios, spread
from bench.reading import MOST
from bench.requests import TARGETS_MS
from bench.watched import ALONE, EVENTS, WATCHED

#: Promised milliseconds from produce to visible, by results a second.
_VISIBLE_MS: Final = {1000: 100, 5000: 200}


class Target(NamedTuple):
    """One promise: `reached` and `limit` in the same unit."""

    what: str
    limit: str
    reached: str
    met: bool


def targets(sections: Mapping[str, Any]) -> list[Target]:
    """Return all promises in order; what was not measured is left out."""
    return [
        *_reading(sections.get("reading")),
        *_ingest(sections.get("ingest")),
        *_watched(sections.get("watched")),
        *_growth(sections.get("growth")),
        *_memory(sections.get("ingest")),
        *_latency(sections.get("latency")),
        *_posts(sections.get("posts")),
        *_reads(sections.get("reads")),
        *_fairness(sections.get("fairness")),
    ]


def rates(section: Mapping[str, Any]) -> dict[str, list[float]]:
    """Results a second of each row, round by round."""
    return {row["name"]: [one["results_per_second"] for one in row["rounds"]] for row in section["rows"]}


def cpu_of_both(section: Mapping[str, Any]) -> dict[str, list[float]]:
    """CPU seconds of worker and PostgreSQL for 100,000 results of each row, round by round."""
    return {row["name"]: [one["worker_cpu"] + one["database_cpu"] for one in row["rounds"]] for row in section["rows"]}


def _reading(section: Any) -> Iterator[Target]:
    for row in section["rows"] if section else ():
        found = ratios([one["fast_us"] for one in row["rounds"]], [one["full_us"] for one in row["rounds"]])
        reached = f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"
        yield Target(f"reading the fast way ÷ the full way, {row['name']}", f"≤ {MOST}", reached, found.median <= MOST)


def _ingest(section: Any) -> Iterator[Target]:
    if section is None:
        return
    reached = rates(section)
    for one, other, limit in (
        (OURS, CONNECT, 1.1),
        (OURS, CONNECT_INDEXED, 1.6),
        (OURS, FASTSTREAM, 2.2),
        (OURS, FAUST, 40.0),
        (JSON_BATCHES, OURS, 1.0),
        (TOGETHER, OURS, 1.0),
    ):
        if one in reached and other in reached:
            yield _ratio(f"{one} ÷ {other}", reached[one], reached[other], limit)
    for what, name, most in (("a worker", "worker_cpu", 2.6), ("PostgreSQL", "database_cpu", 3.4)):
        rounds = [one[name] for row in section["rows"] if row["name"] == OURS for one in row["rounds"]]
        if rounds:
            median = spread(rounds).median
            yield Target(f"CPU of {what} for 100,000 results", f"≤ {most:g} s", f"{median:.1f} s", median <= most)


def _watched(section: Any) -> Iterator[Target]:
    if section is None:
        return
    reached, cpu = rates(section), cpu_of_both(section)
    for name, what in ((WATCHED, "watching for incidents and retries"), (EVENTS, "this and events of logs")):
        yield _ratio(f"ingest with {what} ÷ without", reached[name], reached[ALONE], 0.97)
        found = ratios(cpu[name], cpu[ALONE])
        shown = f"{found.median:.3f} ({found.low:.3f}–{found.high:.3f})"
        yield Target(f"the same, CPU of worker and PostgreSQL, with {what}", "≤ 1.03", shown, found.median <= 1.03)


def _growth(section: Any) -> Iterator[Target]:
    if section is not None:
        empty, full = (list(rates(section).values()))[:2]
        pages, limit = (", with huge pages", 0.9) if section["machine"].get("huge_pages") else ("", 0.8)
        yield _ratio(f"ingest at {section['logs']:,} logs ÷ on empty tables{pages}", full, empty, limit)


def _memory(section: Any) -> Iterator[Target]:
    if section is not None:
        rows = [row for row in section["rows"] if row["name"].startswith(OURS)]
        most = max(one["worker_peak_mib"] for row in rows for one in row["rounds"])
        yield Target("memory of a worker, at most", "< 300 MiB", f"{most:,.0f} MiB", most < 300)


def _latency(section: Any) -> Iterator[Target]:
    for row in section["rows"] if section else ():
        if (most := _VISIBLE_MS.get(row["rate"])) is not None:
            p99 = max(row["database"]["p99_ms"], row["api"]["p99_ms"])
            yield Target(f"produce to visible at {row['rate']:,}/s, p99", f"< {most} ms", f"{p99:,.0f} ms", p99 < most)


def _posts(section: Any) -> Iterator[Target]:
    for name, values in rates(section).items() if section else ():
        if name == "batches of 500":
            median = spread(values).median
            yield Target(f"results by HTTP, {name}", "≥ 5,000/s", f"{median:,.0f}/s", median >= 5000)


def _reads(section: Any) -> Iterator[Target]:
    if section is None:
        return
    groups: dict[str, tuple[float, float, str]] = {}
    for row in section["rows"]:
        if (limit := TARGETS_MS.get(row["group"])) is not None:
            worst = inf if row["failed"] else spread([one["p99_ms"] for one in row["rounds"]]).median
            known = groups.get(row["group"], (0.0, 0.0, ""))
            groups[row["group"]] = max(known, (worst, limit, row["name"]))
    for group, (worst, limit, name) in groups.items():
        what = f"API at {section['logs']:,} logs, {section['clients']} clients, {group}, p99 of the slowest: {name}"
        yield Target(what, f"< {limit:g} ms", f"{worst:,.1f} ms", worst < limit)
    for walk in section["pages"]:
        if "deep_p50_ms" in walk:
            found = ratios(walk["deep_p50_ms"], walk["first_p50_ms"])
            what = f"page 1,000 ÷ page 1, {walk['name']}"
            yield Target(what, "≤ 1.5", f"{found.median:.2f}", found.median <= 1.5)


def fairness_of(row: Mapping[str, Any]) -> Spread:
    """The p99 of another account beside one flood, times that in quiet, round by round."""
    return ratios(*([one[when]["p99_ms"] for one in row["rounds"]] for when in ("beside", "quiet")))


def _fairness(section: Any) -> Iterator[Target]:
    for row in section["rows"] if section else ():
        found = fairness_of(row)
        shown = f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"
        what = f"p99 of another account beside a flood ÷ in quiet, {row['name']}"
        yield Target(what, "≤ 2", shown, found.median <= 2)


def _ratio(what: str, ours: list[float], others: list[float], limit: float) -> Target:
    found = ratios(ours, others)
    reached = f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"
    return Target(what, f"≥ {limit:g}", reached, found.median >= limit)
