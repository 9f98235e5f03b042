"""The figures of one run."""

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import description, noise

#: The last long run, from which docs/reliability.md is made.
LONG_RUN = Path(__file__).parent / "results" / "long.json"
#: Promised MiB of an agents process, at most.
MEMORY_MIB = 200.0


@dataclass
class Recovery:
    """Seconds that a kind of fault took until all was as before."""

    times: int
    median: float
    longest: float | None  # None: it was not within two minutes
    promised: float

    @property
    def kept(self) -> bool:
        return self.longest is not None and self.longest < self.promised


@dataclass
class Report:
    """Figures of a run: what was done, what was sent, and what came of it."""

    seed: int
    minutes: float
    workers: int
    rate: float
    machine: dict[str, Any] = field(default_factory=lambda: description() | noise())
    faults: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)
    #: Exit codes of agents that ended by themselves, with their number.
    ended: dict[str, int] = field(default_factory=dict)
    settled_seconds: float | None = None
    load_during: float = 0.0

    @property
    def all_kept(self) -> bool:
        """True if every count is 0, and everything was handled at the end."""
        return not any(self.counts.values()) and self.settled_seconds is not None

    def write(self, path: Path = LONG_RUN) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")


def read(path: Path = LONG_RUN) -> Report | None:
    """The report that was written last; None when there is none."""
    if not path.exists():
        return None
    found = json.loads(path.read_text("utf-8"))
    return Report(**found | {"recoveries": {name: Recovery(**each) for name, each in found["recoveries"].items()}})


def recovery(seconds: list[float], promised: float) -> Recovery:
    longest = max(seconds)
    return Recovery(
        len(seconds),
        round(statistics.median_low(seconds), 1) if not math.isinf(statistics.median_low(seconds)) else promised,
        None if math.isinf(longest) else round(longest, 1),
        promised,
    )


def lines(report: Report) -> list[str]:
    """The report as text for a terminal."""
    found = [f"faults: {_counted(report.faults)}"]
    found += [f"left out: {name} ({lack} is missing)" for name, lack in report.left_out.items()]
    found.append(f"load: {_counted(report.sent)}")
    for name, each in report.recoveries.items():
        longest = "not within two minutes" if each.longest is None else f"{each.longest:g} s"
        found.append(
            f"recovery after {name}: median {each.median:g} s, longest {longest} (promised: {each.promised:g} s)"
        )
    found.append(f"memory at most: {', '.join(f'{name} {mib:.0f} MiB' for name, mib in report.peak_mib.items())}")
    found.append(f"agents that ended by themselves, by exit code: {_counted(report.ended) or 'none'}")
    found += report.samples
    found.append(
        "not everything was handled" if report.settled_seconds is None else f"settled in {report.settled_seconds:.1f} s"
    )
    return [*found, _counted(report.counts, "=")]


def _counted(counts: Mapping[str, int], sign: str = " ") -> str:
    return (", " if sign == " " else " ").join(f"{name}{sign}{count}" for name, count in counts.items())
