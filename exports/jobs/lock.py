"""A file that stands for something that a process is making: there, and locked, for as long as that lives."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: What a lock is called until it is locked.
UNLOCKED = "new"


class Lock:
    """Taken when it is made, by one process. Killed, the process leaves the file unlocked. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Under another name until it is locked, so that nobody can find it free before.
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
        """Remove it. Once."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


@contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Whether nobody holds the lock at `path`; if so, nobody else finds it left behind during the block.

    One that can't be opened is taken for held.
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
