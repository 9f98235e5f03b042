"""docs/reliability.md: the table of faults, and the figures of the last long run. Pure but for `write`."""

from collections.abc import Sequence

from bench.machine import ROOT
from cli.documents.tables import table
from tests.chaos.checker import MEANINGS
from tests.chaos.fault import Fault
from tests.chaos.faults import FAULTS
from tests.chaos.nemesis import MEASURED
from tests.chaos.report import MEMORY_MIB, Report, read

PAGE = ROOT / "docs" / "reliability.md"
_HEAD = """# Reliability

A system of record is worth what it does on its worst day. `make chaos` makes such days: real servers and processes,
a load of all that users and connectors do, and faults in several lanes at once. Then all that was sent, asked for and
answered is compared with all that is stored and shown. This page has what is done, what is promised about it, and what
came of the last long run. Made from the code and that run's figures by `make documents`; do not edit.
"""
_REPEAT = """## Repeat it

It needs no server, only what `make install` brings; the fault `wrong-clock` needs Linux and a C compiler too.

| form | command | for |
|---|---|---|
| a minute | `make chaos` | after a change: some of the faults, a few times |
| ten minutes | `make chaos ARGS="--minutes 10"` | CI, each night: every fault several times |
| half an hour | `make chaos ARGS="--minutes 30 --record"` | before a release: this page |
| one fault | `make chaos ARGS="--only host-lost --minutes 3"` | looking for a cause |
| the same again | `make chaos ARGS="--seed 7"` | the same order in each lane, though not to the microsecond |

It prints the seed first, and ends with exit code 1 when a count is not 0. Logs and data stay in the directory that it
names. A backup is restored with `pg_restore` in `make restore-drill` ([Backup](backup.md)); here base backups are.

Another fault is a module in `tests/chaos/faults/` and its entry in that package's table.
"""


def write() -> None:
    PAGE.write_text(reliability_page(), "utf-8")


def reliability_page() -> str:
    """The page of the last long run."""
    return page(FAULTS, read())


def page(faults: Sequence[Fault], report: Report | None) -> str:
    """The page's text; without a report it says so."""
    if report is None:
        return "\n".join([_HEAD, "No long run was recorded yet.\n", *_faults(faults, None), _REPEAT])
    return "\n".join([_HEAD, *_counts(report), *_promises(report), *_faults(faults, report), *_about(report), _REPEAT])


def _counts(report: Report) -> list[str]:
    rows = [(f"`{name}`", MEANINGS[name], "0", _count(count)) for name, count in report.counts.items()]
    return ["## Seven counts", "", *table(("count", "of", "promised", "found"), rows), ""]


def _count(count: int) -> str:
    return str(count) if not count else f"**{count}**"


def _promises(report: Report) -> list[str]:
    rows = []
    for name, each in report.recoveries.items():
        longest = "not within two minutes" if each.longest is None else f"{each.longest:g} s"
        kept = "yes" if each.kept else "**no**"
        rows.append((f"`{name}`", f"< {each.promised:g} s", f"{each.median:g} s", longest, str(each.times), kept))
    memory = report.peak_mib["agents"]
    kept = "yes" if memory < MEMORY_MIB else "**no**"
    return [
        "## Recovery and memory",
        "",
        "From the end of the fault (of `host-lost`: from the moment when the machine is gone) until a result that is",
        f"sent then is stored, on every partition that was hit. One in {MEASURED} of a kind is measured: it comes when",
        "what was sent before is stored everywhere, and meanwhile no server and no worker is hurt in another way. That",
        "of a lost machine includes the start of the process in its place.",
        "",
        *table(("after", "promised", "median", "longest", "times", "kept"), rows),
        "",
        f"Resident memory of an agents process: at most {memory:.0f} MiB, less than {MEMORY_MIB:.0f} promised; "
        f"kept: {kept}. "
        + ", ".join(f"`{name}` {mib:.0f} MiB" for name, mib in report.peak_mib.items() if name != "agents")
        + ".",
        "",
    ]


def _faults(faults: Sequence[Fault], report: Report | None) -> list[str]:
    rows = [
        (f"`{each.name}`", each.done, each.promised, "" if report is None else str(report.faults.get(each.name, 0)))
        for each in faults
    ]
    return ["## Faults", "", *table(("fault", "what is done", "what is promised", "times"), rows), ""]


def _about(report: Report) -> list[str]:
    machine = report.machine
    sent = ", ".join(f"{count:,} {name}" for name, count in report.sent.items())
    ended = ", ".join(f"{times} with {code}" for code, times in report.ended.items()) or "none"
    settled = "never" if report.settled_seconds is None else f"{report.settled_seconds:g} s after the last fault"
    left_out = "".join(f" Left out: `{name}`, for want of {lack}." for name, lack in report.left_out.items())
    return [
        "## The run",
        "",
        f"{report.minutes:g} minutes, seed {report.seed}, {report.workers} agents processes, {report.rate:g} records/s "
        f"at most: {sent}. Everything was handled {settled}. Agents that ended by themselves, by exit code: {ended}."
        + left_out,
        "",
        f"<sub>{machine['at']}, commit `{machine['commit']}`, {machine['cpus']} × {machine['cpu']}, "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}; "
        f"load of the whole machine, which others used too: {report.load_during:g}.</sub>",
        "",
    ]
