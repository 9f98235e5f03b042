"""The log file of a server: rotates it, marks each start, and finds its last message."""

import os
from pathlib import Path

# A longer log becomes `<name>.1` at the next start, and replaces the one before: a user's disk is no archive.
KEEP_BYTES = 16 * 1024 * 1024
START_MARK = "==== conexoes starts this server ===="
# PostgreSQL logs this when we ask if it is ready.
NOT_A_CAUSE = "the database system is"


def start_log(log: Path) -> None:
    """Make the log and its directory, readable by us only; rotate a long one, and mark a new start."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    log.touch(mode=0o600)
    if log.stat().st_size > KEEP_BYTES:
        os.replace(log, log.with_name(log.name + ".1"))
        log.touch(mode=0o600)
    with log.open("a", encoding="utf-8") as file:
        file.write(START_MARK + "\n")


def last_words(log: Path) -> str:
    """Return the last line since the start that names an error, or the last line.

    At most 300 characters, may be empty.
    """
    text = log.read_text("utf-8", "replace").rpartition(START_MARK)[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    errors = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return ([line for line in errors if NOT_A_CAUSE not in line] or lines)[-1][:300]
