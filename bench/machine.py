"""The measuring machine, and the CPU and memory that processes take."""

import hashlib
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]


def description() -> dict[str, Any]:
    """Describe the machine, the moment and the code."""
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        "commit": _commit(),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def calibration_ms() -> float:
    """Time a fixed piece of work on one core: the less it varies, the quieter the machine."""
    started = time.perf_counter()
    digest = b""
    for _ in range(60_000):
        digest = hashlib.sha256(digest).digest()
    return (time.perf_counter() - started) * 1000


def noise() -> dict[str, float]:
    """Measure how busy the machine is with other work."""
    return {"calibration_ms": round(calibration_ms(), 1), "load_1min": round(os.getloadavg()[0], 2)}


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of processes and all their children so far, the ended and waited-for ones too."""
    seconds = 0.0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            # The times of a child that has ended are in its parent's `children_…`.
            times = [process.cpu_times(), *(each.cpu_times() for each in process.children(recursive=True))]
        except psutil.NoSuchProcess:
            continue
        seconds += sum(each.user + each.system for each in times)
        seconds += times[0].children_user + times[0].children_system
    return seconds


def peak_mib(pid: int) -> float:
    """The peak resident memory of a process. Linux only; elsewhere its memory now."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    except (OSError, StopIteration):
        return float(psutil.Process(pid).memory_info().rss) / 2**20


def tree_mib(pid: int) -> float:
    """Memory of a process and its children now, shared memory once: proportional set sizes, as Linux counts them."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    total = 0.0
    for each in processes:
        try:
            total += each.memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue
    return total / 2**20
