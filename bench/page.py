"""`docs/performance.md` and its plots, out of bench/results."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from math import inf
from typing import Any

from bench import kept
from bench.child import ROOT
from bench.contestants import CONNECT, FLINK, OURS
from bench.fairness import ROWS
from bench.figures import Spread, ratios, spread
from bench.flat import MAX_ROWS
from bench.flink_sql import CHECKPOINT_SECONDS, FLUSH_SECONDS, SUBTASKS
from bench.floods import FLOODS
from bench.requests import TARGETS_MS
from bench.storing import ANY, STAGED
from bench.svg import Bar, chart
from bench.targets import cpu_of_both, fairness_of, rates, targets
from bench.watched import ALONE, EVENTS, WATCHED

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
_HEAD = """# Performance

Written by `make bench`: do not edit. Every contestant stores the same results in a fresh database of the same
PostgreSQL, by turns, from the same broker, everything on one machine. **Ratios are the result**: they are taken
round by round, so that what slows the machine slows both sides. Absolute figures and milliseconds are context: they
are this machine's, at that hour. Every figure is the median of its rounds, with least–most where there is a span.
"""


def write() -> None:
    """Replace the page and its plots by what bench/results has."""
    text, plots = page(kept.read())
    PAGE.write_text(text, "utf-8")
    PLOTS.mkdir(exist_ok=True)
    for old in PLOTS.glob("*.svg"):
        old.unlink()
    for name, plot in plots.items():
        (PLOTS / f"{name}.svg").write_text(plot, "utf-8")


def page(sections: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The page's text, and each plot by its name. Pure."""
    makers: Mapping[str, Callable[[Any], tuple[str, str]]] = {
        "reading": _reading,
        "ingest": _ingest,
        "storing": _storing,
        "watched": _watched,
        "growth": _growth,
        "latency": _latency,
        "posts": _posts,
        "reads": _reads,
        "fairness": _fairness,
    }
    if not sections:
        return f"{_HEAD}\nNothing was measured yet.\n", {}
    parts, plots = [_HEAD, _targets(sections)], {}
    for name, make in makers.items():
        if name in sections:
            text, plots[name] = make(sections[name])
            parts.append(f"{text}\n![{name}](performance/{name}.svg)\n\n{_measured_on(sections[name])}")
    return "\n".join(parts), plots


def _targets(sections: Mapping[str, Any]) -> str:
    rows = [(each.what, each.limit, each.reached, "yes" if each.met else "**no**") for each in targets(sections)]
    return "## Promises\n\n" + _table(("what", "promised", "measured", "kept"), rows)


def _measured_on(section: Mapping[str, Any]) -> str:
    machine = section["machine"]
    noises = section.get("noise") or [row["noise"] for row in section["rows"]]
    work = [each["calibration_ms"] for each in noises]
    load = [each["load_1min"] for each in noises]
    return (
        f"<sub>{machine['at']}, commit `{machine['commit']}`, {machine['cpus']} × {machine['cpu']}, "
        f"{machine['memory_gib']} GiB, {_huge_pages(machine)}{machine['system']}, Python {machine['python']}. "
        f"How noisy: the same piece of work took {min(work):.0f} to {max(work):.0f} ms, and the load was "
        f"{min(load):.1f} to {max(load):.1f} before the rounds.</sub>\n"
    )


def _huge_pages(machine: Mapping[str, Any]) -> str:
    if "huge_pages" not in machine:
        return ""  # measured before this was recorded
    return f"{'with' if machine['huge_pages'] else 'without'} huge pages for PostgreSQL, "


def _reading(section: Any) -> tuple[str, str]:
    rows, bars = [], []
    for row in section["rows"]:
        fast, full, share = ([one[key] for one in row["rounds"]] for key in ("fast_us", "full_us", "fast_share"))
        ratio = ratios(fast, full)
        rows.append(
            (
                row["name"],
                f"{spread(fast).median:.1f}",
                f"{spread(full).median:.1f}",
                f"{ratio.median:.2f} × ({ratio.low:.2f}–{ratio.high:.2f})",
                f"{spread(share).median:.1%}",
            )
        )
        bars += [_bar(row["name"], spread(fast), ours=True), _bar("the full way", spread(full))]
    text = (
        f"## Reading\n\n{section['events']:,} results, {section['rounds']} rounds, from the bytes of records to "
        "results that can be stored: the fast way beside the reader that knows all rules, by turns in one process. "
        "An eighth of them failed, with messages that were not met before. CPU is in microseconds for a result.\n\n"
    ) + _table(("records", "CPU fast way", "CPU full way", "ratio", "went the fast way"), rows)
    return text, chart("CPU microseconds to read a result", bars, "µs")


def _ingest(section: Any) -> tuple[str, str]:
    reached = rates(section)
    rows = []
    for row in section["rows"]:
        name = row["name"]
        of_round = {key: [one[key] for one in row["rounds"]] for key in row["rounds"][0]}
        ratio = ratios(reached[OURS], reached[name])
        rows.append(
            (
                f"**{name}**" if name == OURS else name,
                _span(spread(reached[name])),
                "" if name == OURS else f"{ratio.median:.2f} × ({ratio.low:.2f}–{ratio.high:.2f})",
                *(f"{spread(of_round[key]).median:.1f}" for key in ("worker_cpu", "database_cpu", "kafka_cpu")),
                f"{max(of_round['worker_peak_mib']):,.0f}",
            )
        )
    text = (
        f"## Ingest\n\n{section['events']:,} results of about 550 bytes, {section['rounds']} rounds. Each contestant "
        f"stores every attempt once and updates its status log. {_peers(reached)}CPU is in seconds for 100,000 "
        "results.\n\n"
    ) + _table(
        ("contestant", "results/s", f"{OURS} is", "CPU worker", "CPU PostgreSQL", "CPU Kafka", "peak MiB a worker"),
        rows,
    )
    bars = [_bar(name, spread(values), ours=name.startswith(OURS)) for name, values in reached.items()]
    return text, chart("Results stored a second", bars, "/s")


def _peers(names: Collection[str]) -> str:
    """Say what the measured peers do less, and how they were set."""
    peers = [name for name, row in (("Kafka Connect", CONNECT), ("Flink SQL", FLINK)) if row in names]
    text = ""
    if peers:
        text = (
            f"Less is done by {' and '.join(peers)}: records are parsed, checked and split into fields before, nothing "
            "is deduplicated, and the last arrival is kept, in two tables without search, counts or any index but "
            "their keys. In a second row these have four more indexes, which lists, their filters, a key and a "
            "timeline need. "
        )
    if FLINK in names:
        text += (
            f"Flink SQL runs in one process: {SUBTASKS} subtasks, a checkpoint every {CHECKPOINT_SECONDS} s, writes of "
            f"up to {MAX_ROWS:,} rows or after {FLUSH_SECONDS} s as statements of many rows, objects used again. "
        )
    return text


def _storing(section: Any) -> tuple[str, str]:
    rows, bars = [], []
    for row in section["rows"]:
        cells = []
        for key, where in (("database_cpu", "PostgreSQL"), ("worker_cpu", "worker")):
            staged, general = ([one[way][key] for one in row["rounds"]] for way in (STAGED, ANY))
            found = ratios(staged, general)
            figures = [f"{spread(each).median:.2f}" for each in (staged, general)]
            cells += [*figures, f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"]
            bars.append(_bar(f"{row['name']}: {where}", found, ours=True))
        rows.append((row["name"], *cells))
    text = (
        f"## Storing alone\n\n{section['events']:,} results, 12 % of which failed, given to the database batch by "
        f"batch, by turns: {STAGED}, as batches are whose results are all new, and as any batch may be. CPU is in "
        "seconds for 100,000 results.\n\n"
    ) + _table(
        ("results", f"PostgreSQL {STAGED}", ANY, "ratio", f"worker {STAGED}", ANY, "ratio"),
        rows,
    )
    return text, chart(f"CPU of storing, {STAGED} ÷ {ANY}", bars, "×")


def _watched(section: Any) -> tuple[str, str]:
    reached, cpu = rates(section), cpu_of_both(section)
    rows = []
    for row in section["rows"]:
        name = row["name"]
        of_round = {key: spread([one[key] for one in row["rounds"]]).median for key in row["rounds"][0]}
        found = [ratios(each[name], each[ALONE]) for each in (reached, cpu)]
        rows.append(
            (
                name,
                _span(spread(reached[name])),
                *(f"{of_round[key]:.2f}" for key in ("worker_cpu", "database_cpu")),
                *("" if name == ALONE else f"{each.median:.3f} ({each.low:.3f}–{each.high:.3f})" for each in found),
                *(f"{of_round[key]:,.0f}" for key in ("incidents", "retries", "events_out")),
            )
        )
    text = (
        f"## Ingest, watched\n\n{section['events']:,} results, an eighth of them failed, {section['rounds']} rounds by "
        "turns: the agents as they are, which judge incidents, look for messages to send and watch failures for "
        "automatic retries; with a channel too that wants the events of all logs, on Kafka; and agents in which that "
        "work waits (`bench/alone.py`, since no setting ends all of it). No rule tells incidents to anybody, and the "
        "first retry would leave after a minute: messages about incidents and retries are not in these figures. The "
        "account has had ten weeks with fewer failures, so that there are incidents; what is usual was learned before, "
        "as agents do once an hour. In all three the fold notes when results came, by which incidents are judged. What "
        "is sent after a round is not in its figures. CPU is in seconds for 100,000 results.\n\n"
    ) + _table(
        (
            *("agents", "results/s", "CPU worker", "CPU PostgreSQL", "results/s ÷ without", "CPU of both ÷ without"),
            *("incidents", "failures watched", "events sent"),
        ),
        rows,
    )
    bars = [_bar(name, ratios(cpu[name], cpu[ALONE]), ours=True) for name in (WATCHED, EVENTS)]
    return text, chart("CPU of worker and PostgreSQL, with ÷ without", bars, "×")


def _growth(section: Any) -> tuple[str, str]:
    reached = rates(section)
    rows = [(name, _span(spread(values))) for name, values in reached.items()]
    text = (
        f"## Ingest as tables grow\n\n{section['events']:,} new results of loaded entities, into an empty database and "
        "into the loaded one, by turns. The row *just started* is the loaded one's first round, with whatever was in "
        f"the page cache. After it, all that results touch ({section['touched_gib']:.0f} GiB) is read into memory, "
        "and some rounds are run that do not count. Checkpoints come when PostgreSQL makes them.\n\n"
    ) + _table(("tables", "results/s"), rows)
    bars = [_bar(name, spread(values), ours=True) for name, values in reached.items()]
    return text, chart("Results stored a second, empty and loaded", bars, "/s")


def _latency(section: Any) -> tuple[str, str]:
    rows, bars = [], []
    for row in section["rows"]:
        figures = [f"{row[where][key]:,.0f}" for where in ("database", "api") for key in ("p50_ms", "p99_ms")]
        rows.append((f"{row['rate']:,}", *figures))
        for key, kind in (("p50_ms", "ours"), ("p99_ms", "second")):
            bars.append(Bar(label=f"{row['rate']:,}/s, {key[:3]}", value=row["database"][key], kind=kind))
    memory = ", ".join(f"{name} {value:,.0f} MiB" for name, value in section["memory_mib"].items())
    text = (
        "## From produce to visible\n\nMilliseconds, through the real agents and admin processes; all types, new "
        'entities. "By the API" is until `GET …/logs/{log_id}` answers 200.\n\n'
        + _table(("results/s", "database p50", "p99", "API p50", "p99"), rows)
        + f"\nMemory after it: {memory}.\n"
    )
    return text, chart("Milliseconds from produce to visible in the database", bars, "ms")


def _posts(section: Any) -> tuple[str, str]:
    reached = rates(section)
    rows = [
        (
            row["name"],
            _span(spread(reached[row["name"]])),
            *(
                f"{spread([one[key] for one in row['rounds']]).median:,.1f}"
                for key in ("p50_ms", "p99_ms", "admin_cpu")
            ),
        )
        for row in section["rows"]
    ]
    text = (
        f"## Results by HTTP\n\n`POST /events/results` of one admin process, {section['clients']} connections with one "
        f"post at a time, {section['events']:,} results of about 550 bytes (fewer one by one), {section['rounds']} "
        "rounds. A post ends when Kafka has acknowledged all of it; the agents store the results meanwhile. CPU is in "
        "seconds for 100,000 results.\n\n" + _table(("posts", "results/s", "p50 ms", "p99 ms", "CPU admin"), rows)
    )
    bars = [_bar(name, spread(values), ours=True) for name, values in reached.items()]
    return text, chart("Results accepted a second by HTTP", bars, "/s")


def _reads(section: Any) -> tuple[str, str]:
    rows, bars = [], []
    for row in section["rows"]:
        limit = TARGETS_MS.get(row["group"], inf)
        target = f"{limit:g}" if limit < inf else ""
        if row["failed"] is not None:
            rows.append((row["name"], "", "", f"**{row['failed']}**", target, "", "", ""))
            continue
        p50, p99, rate = (spread([one[key] for one in row["rounds"]]) for key in ("p50_ms", "p99_ms", "per_second"))
        figures = f"{row['alone_p50_ms']:.1f}", f"{p50.median:.1f}", f"{p99.median:.1f} ({p99.low:.1f}–{p99.high:.1f})"
        cpu = [
            f"{spread([one[key] for one in row['rounds']]).median:.1f}" for key in ("admin_cpu_ms", "database_cpu_ms")
        ]
        rows.append((row["name"], *figures, target, f"{rate.median:,.0f}", *cpu))
        kind = "ours" if p99.median < limit else "second"
        bars.append(Bar(label=row["name"], value=p99.median, low=p99.low, high=p99.high, kind=kind))
    text = (
        f"## Reads\n\n{section['logs']:,} status logs, three times as many attempts, 50 accounts; the largest has half "
        f"of all. {section['clients']} clients send requests without pause, so that each waits behind 15 others; "
        '"alone" is one client. Caches are warm. The clients run on the same machine. CPU is in milliseconds for one '
        "request.\n\n"
        + _table(
            ("request", "alone p50 ms", "p50 ms", "p99 ms", "promised", "requests/s", "CPU admin", "CPU PostgreSQL"),
            rows,
        )
    )
    if section["absent"]:
        paths = ", ".join(f"`{path}`" for path in section["absent"])
        text += f"\nNot measured, since this version does not have them: {paths}.\n"
    return text, chart(f"p99 milliseconds, {section['clients']} clients", bars, "ms")


def _fairness(section: Any) -> tuple[str, str]:
    rows, bars = [], []
    for row in section["rows"]:
        figures = [
            spread([one[when][name] for one in row["rounds"]]).median
            for name in ("p50_ms", "p99_ms")
            for when in ("quiet", "beside")
        ]
        ratio = fairness_of(row)
        answers = Counter[str]()
        for one in row["rounds"]:
            answers.update(one["answers"])
        said = ", ".join(f"{count:,} × {status}" for status, count in sorted(answers.items()))
        shown = f"{ratio.median:.1f} × ({ratio.low:.1f}–{ratio.high:.1f})"
        name = f"{FLOODS[row['name']].at_once} × {row['name']}"
        rows.append((name, *(f"{each:.1f}" for each in figures), shown, said))
        bars.append(_bar(name, ratio, ours=True))
    text = (
        f"## Fairness\n\n{section['logs']:,} status logs. The largest account floods the API with requests that never "
        f"pause; one client of the next account asks for {ROWS} rows at a time, for "
        f"{section['seconds']:g} s before each flood and beside it, in {section['rounds']} rounds. All on one machine, "
        "the flood's own process with less of the processors than the others. Milliseconds are those of the client.\n\n"
    ) + _table(("flood", "quiet p50", "beside p50", "quiet p99", "beside p99", "p99 ÷ quiet", "answered"), rows)
    return text, chart("p99 of another account, times quiet", bars, "×")


def _bar(name: str, figure: Spread, *, ours: bool = False) -> Bar:
    return Bar(label=name, value=figure.median, low=figure.low, high=figure.high, kind="ours" if ours else "other")


def _span(figure: Spread) -> str:
    return f"{figure.median:,.0f} ({figure.low:,.0f}–{figure.high:,.0f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numbers = "|".join(["---", *["--:"] * (len(head) - 1)])
    lines = [f"| {' | '.join(head)} |", f"|{numbers}|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"
