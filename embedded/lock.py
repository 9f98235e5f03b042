"""A lock file: one owner of a directory at a time. The kernel frees the lock when its owner ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from embedded.errors import EmbeddedError

# `is_held` takes the lock for an instant: an owner retries for so long before it gives up.
ACQUIRE_SECONDS = 0.3


class DirectoryLock:
    """Context manager: holds `path` (a lock file, created when missing, never deleted) from enter to exit."""

    def __init__(self, path: Path, *, refusal: str, wait_seconds: float = ACQUIRE_SECONDS) -> None:
        """`refusal` is the error's sentence when another process holds the lock."""
        self._path = path
        self._refusal = refusal
        self._wait_seconds = wait_seconds
        self._file: int | None = None

    def __enter__(self) -> None:
        """Take the lock.

        Raises EmbeddedError(refusal) if another process, or another lock in this one, holds it after the wait.
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)  # not inherited by the servers
        deadline = time.monotonic() + self._wait_seconds
        while not _try_lock(self._file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                self._close()
                raise EmbeddedError(self._refusal)
            time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_held(path: Path) -> bool:
    """Tell if a living process holds the lock file `path`."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
