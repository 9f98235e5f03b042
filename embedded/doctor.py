"""Examines this installation. It changes and downloads nothing; the command line prints the findings."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from embedded.errors import EmbeddedError
from embedded.huge_pages import huge_pages
from embedded.jars import default_cache, kafka_version, locked_jars
from embedded.java import OLDEST_MAJOR, find_java, java_major
from embedded.ports import is_free
from embedded.postgres_config import MIB, buffers_mib
from embedded.postgres_install import MAJOR, find_postgres
from embedded.run_file import running

OLDEST_PYTHON = (3, 11)
LEAST_DISK_BYTES = 2 * 1024**3  # the write-ahead log alone may take 4 GiB under load; below this even a demo is tight
LEAST_MEMORY_BYTES = 1024**3  # Kafka's 512 MB heap, PostgreSQL's buffers, three Python processes


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check."""

    name: str  # stable, lower case: "java"
    ok: bool
    detail: str  # what was found, one sentence
    advice: str = ""  # what to do about it; empty when ok


def examine(data_dir: Path, kafka_port: int) -> list[Finding]:
    """Return all findings, in the order in which a start would meet them.

    Takes about a second; never raises EmbeddedError.
    """
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _java,
        _jars,
        _postgres,
        lambda: _data_dir(data_dir),
        lambda: _disk(data_dir),
        _memory,
        _huge_pages,
        lambda: _kafka_port(data_dir, kafka_port),
    )
    return [check() for check in checks]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    return _finding(
        "python", f"Python {version}.", f"Install Python {'.'.join(map(str, OLDEST_PYTHON))} or newer.", ok=ok
    )


def _java() -> Finding:
    try:
        java = find_java()
        major = java_major(java)
    except EmbeddedError as error:
        return _failed("java", error)
    advice = f"Kafka needs Java {OLDEST_MAJOR} or newer."
    return _finding("java", f"Java {major} at {java}.", advice, ok=major >= OLDEST_MAJOR)


def _jars() -> Finding:
    cache = default_cache()
    try:
        jars = locked_jars()
    except EmbeddedError as error:
        return _failed("kafka jars", error)
    bad = [str(jar) for jar in jars if not jar.is_intact(cache)]
    detail = f"{len(jars) - len(bad)} of {len(jars)} jars of Kafka {kafka_version(jars)} are intact in {cache}."
    return _finding("kafka jars", detail, f"The next start fetches them: {', '.join(bad[:3])}…", ok=not bad)


def _postgres() -> Finding:
    try:
        programs = find_postgres()
    except EmbeddedError as error:
        return _failed("postgresql", error)
    return _finding("postgresql", f"PostgreSQL {MAJOR} at {programs.directory}.", ok=True)


def _data_dir(data_dir: Path) -> Finding:
    place = next(_existing(data_dir))
    ok = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    detail = f"{data_dir} is {'' if ok else 'not '}writable{'' if data_dir.exists() else ' (not there yet)'}."
    advice = f"Give yourself write permission on {place}, or set CONEXOES_DATA_DIR."
    return _finding("data directory", detail, advice, ok=ok)


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(next(_existing(data_dir))).free
    advice = f"Free at least {_gib(LEAST_DISK_BYTES)}, or set CONEXOES_DATA_DIR to another disk."
    return _finding("disk", f"{_gib(free)} free for {data_dir}.", advice, ok=free >= LEAST_DISK_BYTES)


def _memory() -> Finding:
    available = psutil.virtual_memory().available
    advice = f"Close other programs: the embedded servers want {_gib(LEAST_MEMORY_BYTES)}."
    return _finding("memory", f"{_gib(available)} available.", advice, ok=available >= LEAST_MEMORY_BYTES)


def _huge_pages() -> Finding:
    """Report huge pages.

    Never a fault: PostgreSQL runs without them. Large databases are faster with them (decision 0018).
    """
    kept = huge_pages()
    if kept is None:
        return _finding("huge pages", "This system has none.", ok=True)
    wanted = kept.wanted(buffers_mib(psutil.virtual_memory().total) * MIB)
    if kept.pages >= wanted:
        said = f"; the embedded PostgreSQL takes about {wanted:,} when it starts, if they are free."
    else:
        said = (
            f", too few for the embedded PostgreSQL. With {wanted:,} (sysctl vm.nr_hugepages, then start it again) "
            "a database of millions of logs is faster."
        )
    return _finding("huge pages", f"{kept.pages:,} are kept{said}", ok=True)


def _kafka_port(data_dir: Path, port: int) -> Finding:
    system = running(data_dir)
    if system is not None and system.kafka is not None:
        return _finding("kafka port", f"Our own broker runs at {system.kafka}.", ok=True)
    free = is_free(port)
    detail = f"Port {port} is {'free' if free else 'used by another program'}."
    return _finding("kafka port", detail, "Stop that program, or set CONEXOES_KAFKA_PORT to another port.", ok=free)


def _existing(path: Path) -> Iterator[Path]:
    """Return the path and the directories above it, from the first that exists."""
    return (place for place in (path.absolute(), *path.absolute().parents) if place.exists())


def _finding(name: str, detail: str, advice: str = "", *, ok: bool) -> Finding:
    return Finding(name=name, ok=ok, detail=detail, advice="" if ok else advice)


def _failed(name: str, error: EmbeddedError) -> Finding:
    """Make a failed finding. The sentences of these errors already say what to do."""
    detail, _, advice = str(error).partition(": ")
    return Finding(name=name, ok=False, detail=f"{detail}.", advice=advice)


def _gib(number: int) -> str:
    return f"{number / 1024**3:.1f} GiB"
