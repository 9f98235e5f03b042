"""A lock file for work of a process: it exists, and is locked by flock, while the process works and lives."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Suffix of a lock file's name until it is locked.
UNLOCKED = "new"


class Lock:
    """A lock, held from its construction on. A process that is killed leaves the file unlocked. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # It has another name until it is locked, so that nobody finds it unlocked before.
        new = path.with_name(f"{uuid.uuid4()}.{UNLOCKED}")
        self._descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new.rename(path)
        except OSError:
            new.unlink(missing_ok=True)
            os.close(self._descriptor)
            raise

    def give_up(self) -> None:
        """Remove the file. To be called once."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


@contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Give True when nobody holds the lock at `path`; then nobody else finds it left behind during the block.

    A lock that can't be opened counts as held.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
