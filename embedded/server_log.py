"""The log file of a server: kept short, each start marked, and what it last said since then."""

import os
from pathlib import Path

# A longer log is set aside as `<name>.1` at the next start, over the one before: a user's disk is not an archive.
KEEP_BYTES = 16 * 1024 * 1024
START_MARK = "==== conexoes starts this server ===="
# PostgreSQL says this to our own questions whether it is ready yet.
NOT_A_CAUSE = "the database system is"


def start_log(log: Path) -> None:
    """Make the log and its directory, readable by us only, set a long one aside, and mark a new start."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    log.touch(mode=0o600)
    if log.stat().st_size > KEEP_BYTES:
        os.replace(log, log.with_name(log.name + ".1"))
        log.touch(mode=0o600)
    with log.open("a", encoding="utf-8") as file:
        file.write(START_MARK + "\n")


def last_words(log: Path) -> str:
    """The last line since the start that names an error, or just the last line; at most 300 characters, maybe empty."""
    text = log.read_text("utf-8", "replace").rpartition(START_MARK)[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    errors = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return ([line for line in errors if NOT_A_CAUSE not in line] or lines)[-1][:300]
