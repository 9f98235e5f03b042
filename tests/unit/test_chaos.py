"""The table of faults of `make chaos`, the order that follows from a seed, and the page about it."""

import asyncio
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from tests.chaos import faults as package
from tests.chaos.__main__ import chosen
from tests.chaos.checker import MEANINGS, Findings, Verdict
from tests.chaos.fault import Fault, Lane
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import HEAD_BYTES, batch_letter
from tests.chaos.load.load import Load
from tests.chaos.nemesis import order
from tests.chaos.page import page
from tests.chaos.report import Recovery, Report, lines, read, recovery
from tests.chaos.system import System
from tests.chaos.turns import Turns


def test_each_module_is_one_entry_and_each_entry_a_module() -> None:
    modules = {path.stem.replace("_", "-") for path in Path(package.__path__[0]).glob("*.py")} - {"--init--"}
    assert {each.name for each in FAULTS} == modules
    assert len(FAULTS) == len(modules)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_each_entry_says_what_is_done_and_what_was_promised(fault: Fault) -> None:
    for said in (fault.done, fault.promised):
        assert said.endswith(".")
        assert "|" not in said
    assert not (fault.forgets and fault.lane not in {Lane.POSTGRESQL, Lane.KAFKA})


def test_the_order_follows_from_the_seed_and_each_round_has_every_fault_once() -> None:
    of_lane = [each for each in FAULTS if each.lane is Lane.POSTGRESQL]

    def names(seed: int) -> list[str]:
        found = islice(order(of_lane, random.Random(f"{seed} {Lane.POSTGRESQL}")), len(of_lane) * 3)
        return [each.name for each in found]

    assert names(7) == names(7)
    assert names(7) != names(8)
    assert sorted(names(7)[: len(of_lane)]) == sorted(each.name for each in of_lane)


def test_only_names_faults() -> None:
    assert [each.name for each in chosen("host-lost, bombs")] == ["host-lost", "bombs"]
    assert list(chosen("")) == list(FAULTS)
    with pytest.raises(ValueError, match=r"no fault meteor; there are .*host-lost"):
        chosen("meteor")


def test_a_fault_without_a_promise_is_refused() -> None:
    async def do(_system: System, _load: Load, _draw: random.Random) -> None:
        """Do nothing."""

    with pytest.raises(ValueError, match="two paragraphs"):
        _ = Fault(do, Lane.WORKERS).promised


def test_there_are_seven_counts_and_each_has_a_meaning() -> None:
    assert tuple(MEANINGS) == Verdict._fields
    assert len(MEANINGS) == 7
    findings = Findings()
    findings.add("lost", ["a", "b"])
    assert findings.verdict == Verdict(lost=2)
    assert findings.samples == ["lost: a", "lost: b"]


def test_a_batch_is_known_whatever_the_broker_writes_into_its_head() -> None:
    raw = bytes(HEAD_BYTES) + b"records"
    assert batch_letter("too_large", raw) == batch_letter("too_large", b"x" * HEAD_BYTES + b"records")
    assert batch_letter("too_large", raw) != batch_letter("too_large", raw + b"!")


async def test_who_is_alone_is_alone() -> None:
    turns, inside = Turns(), Counter[str]()

    async def one(kind: str) -> None:
        async with turns.alone(after=asyncio.sleep(0)) if kind == "alone" else turns.together(brief=kind == "brief"):
            inside[kind] += 1
            assert not inside["alone"] or inside.total() == 1
            await asyncio.sleep(0)
            inside[kind] -= 1

    await asyncio.gather(*(one(("alone", "together", "brief")[number % 3]) for number in range(60)))


def test_the_page_shows_what_was_not_kept() -> None:
    report = Report(seed=7, minutes=30, workers=3, rate=150, machine=dict.fromkeys(_MACHINE, "m"))
    report.counts = Verdict(lost=3)._asdict()
    report.peak_mib = {"agents": 150.0, "admin": 100.0}
    report.recoveries = {
        "kafka-kill": recovery([1.0, 31.5], 30),
        "host-lost": recovery([float("inf")], 30),
        "postgres-kill": recovery([2.0], 10),
    }
    text = page(FAULTS, report)
    assert "| `lost` | results that Kafka acknowledged and that are in no timeline | 0 | **3** |" in text
    assert "| `kafka-kill` | < 30 s | 1 s | 31.5 s | 2 | **no** |" in text
    assert "| `host-lost` | < 30 s | 30 s | not within two minutes | 1 | **no** |" in text
    assert "| `postgres-kill` | < 10 s | 2 s | 2 s | 1 | yes |" in text
    assert not report.all_kept
    assert lines(report)[-1].startswith("lost=3 doubled=0")
    assert "No long run" in page(FAULTS, None)


_MACHINE = ("at", "commit", "cpus", "cpu", "memory_gib", "system", "python")


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    report = Report(seed=7, minutes=30, workers=3, rate=150, recoveries={"kafka-kill": Recovery(1, 1.0, None, 30)})
    report.write(tmp_path / "results" / "long.json")
    assert read(tmp_path / "results" / "long.json") == report
    assert read(tmp_path / "none") is None
