"""The playbook's file: read again when it changes. After a bad edit the last good version stays."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from schemas.playbook import MAX_PLAYBOOK_BYTES, BadPlaybookError, WrittenEntries

#: Seconds between two looks at the file: the longest time until an edit shows.
CHECK_SECONDS = 2.0
_Stamp = tuple[int, int, int]

log = structlog.get_logger(__name__)


class PlaybookFile:
    """Entries of a playbook in a file that people edit while this process runs."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file. Raises BadPlaybookError with a sentence when it can't be used. `clock` is in seconds."""
        self._path = path
        self._clock = clock
        self._stamp: _Stamp | None = None
        self._looked_at = clock()
        try:
            self._stamp = self._look()
            self._entries = self._read()
        except (OSError, ValueError) as exc:
            raise BadPlaybookError(f"The playbook {path} (CONEXOES_PLAYBOOK) can't be used: {exc}") from exc

    def __call__(self) -> WrittenEntries:
        """Return the file's entries, or the last good ones."""
        now = self._clock()
        if now - self._looked_at >= CHECK_SECONDS:
            self._looked_at = now
            self._look_again()
        return self._entries

    def _look_again(self) -> None:
        before, self._stamp = self._stamp, None
        try:
            self._stamp = self._look()
            if self._stamp == before:
                return
            self._entries = self._read()
        except (OSError, ValueError) as exc:
            # Logged once for each edit, not at each look.
            if self._stamp != before:
                log.warning("playbook: the last good one stays", path=str(self._path), reason=str(exc))
            return
        log.info("playbook", path=str(self._path), entries=len(self._entries))

    def _look(self) -> _Stamp:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> WrittenEntries:
        with self._path.open("rb") as file:
            content = file.read(MAX_PLAYBOOK_BYTES + 1)
        if len(content) > MAX_PLAYBOOK_BYTES:
            raise BadPlaybookError(f"it has more than {MAX_PLAYBOOK_BYTES} bytes")
        return WrittenEntries.read(content.decode("utf-8"))
