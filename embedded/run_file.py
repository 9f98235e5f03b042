"""The file `run.json` of a data directory: it tells commands in other terminals what runs there.

It holds the database's password, so only its owner may read it. It is valid while the owner's lock is held; a file
that a killed owner left is not.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from embedded.lock import is_held


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """The addresses of a running system's parts. None = that part is not embedded, or not announced yet."""

    kafka: str | None = None  # bootstrap servers
    database: str | None = None  # URL with password
    http: str | None = None  # URL of the pages and the API
    pids: Mapping[str, int] = field(default_factory=dict)  # "system" (the owner), "kafka", "postgres"


def lock_path(data_dir: Path) -> Path:
    """Return the path of the lock that the owner of a data directory holds while it runs."""
    return data_dir / "lock"


def running(data_dir: Path) -> RunningSystem | None:
    """Return the system that runs on `data_dir`. None when its owner has ended or not finished starting.

    Not promised: that each server still answers. The owner may run while one of its servers has just ended.
    """
    if not is_held(lock_path(data_dir)):
        return None
    try:
        return RunningSystem(**json.loads(_path(data_dir).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(data_dir: Path, system: RunningSystem) -> None:
    """Replace the file in one step: a reader sees the old one or the new one."""
    new = data_dir / "run.json.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(system), indent=2) + "\n", "utf-8")
    os.replace(new, _path(data_dir))


def remove(data_dir: Path) -> None:
    """Remove the file: nothing runs here. An error is ignored, because only a held lock makes the file valid."""
    with contextlib.suppress(OSError):
        _path(data_dir).unlink()


def _path(data_dir: Path) -> Path:
    return data_dir / "run.json"
