"""One run: a system, a load, faults; then the comparison."""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from tests.chaos.checker import (
    Findings,
    check_counts,
    check_dead_letters,
    check_reprocess,
    check_results,
    check_sums,
)
from tests.chaos.fault import Fault
from tests.chaos.load.answers import Answers
from tests.chaos.load.commands import Commands
from tests.chaos.load.exports import Exports
from tests.chaos.load.load import ACCOUNTS, Load
from tests.chaos.load.reads import read
from tests.chaos.load.results import send_results
from tests.chaos.load.web import Web
from tests.chaos.nemesis import Nemesis
from tests.chaos.report import Report, recovery
from tests.chaos.system import System
from tests.support.waiting import eventually

#: Long enough for the pauses of a breaker, which retries that were lost have opened.
SETTLE_SECONDS = 900.0

Say = Callable[[str], None]


async def run(report: Report, faults: Sequence[Fault], say: Say) -> None:
    """Fill in `report`."""
    directory = Path(tempfile.mkdtemp(prefix="conexoes-chaos-"))
    say(f"seed {report.seed}, {report.minutes:g} min, {report.workers} workers, {report.rate:g}/s, in {directory}")
    system = System(directory, report.workers, web=True)
    report.left_out = {each.name: lack for each in faults if (lack := each.lacks()) is not None}
    able = [each for each in faults if each.name not in report.left_out]
    try:
        await system.start()
        async with Load(system, report.seed) as load:
            await _torment(report, system, load, able, say)
    finally:
        await system.stop()


async def _torment(report: Report, system: System, load: Load, faults: Sequence[Fault], say: Say) -> None:
    web = Web(load)
    commands, answers, exports = Commands(load, web), Answers(load), Exports()
    load.others_done.append(commands.all_recorded)
    for slot in system.workers:
        await slot.until_ready()
    system.supervise()
    nemesis = Nemesis(system, load, faults, report.seed, say)
    deadline = time.monotonic() + report.minutes * 60
    stop_answering = asyncio.Event()
    async with asyncio.TaskGroup() as together:
        answering = together.create_task(answers.run(stop_answering))
        async with asyncio.TaskGroup() as ordinary:
            ordinary.create_task(send_results(load, report.rate))
            ordinary.create_task(commands.run())
            ordinary.create_task(read(load, web))
            ordinary.create_task(exports.run(load, web))
            await nemesis.torment(lambda: time.monotonic() > deadline)
            report.load_during = round(os.getloadavg()[2 if report.minutes >= 10 else 0], 1)
            load.stop.set()
        say(f"{nemesis.done.total()} faults, {load.ledger.records} records; waiting for them to be handled")
        report.settled_seconds = await _settled(load, commands)
        settled_at = await _now(system)
        stop_answering.set()
        await answering
    await eventually(load.all_handled, SETTLE_SECONDS)  # answers of the last moment, too
    await _compare(report, system, load, web, commands, answers, settled_at)
    await web.client.aclose()
    report.faults = {each.name: nemesis.done[each.name] for each in faults}
    report.sent = {
        "records": load.ledger.records,
        "results": len(load.ledger.results),
        "records that can't be results": load.ledger.refused.total(),
        "commands": len(commands.asked),
        "of them taken": sum(each.said == "taken" for each in commands.asked.values()),
        "retries": len(answers.asked),
        "HTTP answers": web.answers,
        "exports": exports.whole,
        "exports cut": exports.cut,
    }
    limits = {each.name: each.recovers_within for each in faults}
    for name, seconds in nemesis.recoveries.items():
        report.recoveries[name] = recovery(seconds, limits[name] or 0)
    report.peak_mib = {"agents": max(each.peak_mib for each in system.workers)}
    report.peak_mib |= {name: each.peak_mib for name, each in system.web.items()}
    report.peak_mib = {name: round(mib) for name, mib in report.peak_mib.items()}
    endings = Counter(code for each in system.workers for code in each.endings)
    report.ended = {str(code): times for code, times in sorted(endings.items())}


async def _settled(load: Load, commands: Commands) -> float | None:
    """Seconds until all that was sent is stored and each command is over; None when that takes too long."""
    began = time.monotonic()

    async def settled() -> bool:
        return await load.all_handled() and await commands.all_ended()

    try:
        await eventually(settled, SETTLE_SECONDS)
    except AssertionError:
        return None
    return round(time.monotonic() - began, 1)


async def _now(system: System) -> datetime:
    """Return PostgreSQL's time: commands and items are dated by it."""
    owner = await system.owner()
    try:
        return cast(datetime, await owner.fetchval("SELECT clock_timestamp()"))
    finally:
        await owner.close(timeout=5)


async def _compare(
    report: Report,
    system: System,
    load: Load,
    web: Web,
    commands: Commands,
    answers: Answers,
    settled_at: datetime,
) -> None:
    findings = Findings()
    sent = list(load.ledger.results.values())
    findings.add("wrong", load.complaints)
    owner = await system.owner()
    try:
        await check_results(owner, sent, findings)
        await check_dead_letters(owner, load.ledger, findings)
        await check_reprocess(owner, commands, answers, system.lost_spans, settled_at, findings)
        await check_counts(web, sent, findings)
        await check_sums(web, ACCOUNTS, findings)
    finally:
        await owner.close(timeout=5)
    report.counts, report.samples = findings.verdict._asdict(), findings.samples
