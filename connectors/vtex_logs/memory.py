"""Times when messages were first seen, and the day up to which everything was read: all that must survive a restart.

Results need no memory: a message that is read again is the same result. But a message without a time gets the time when
it was first seen, and that must be the same each time, or the result would be another one of the same id.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any


class Memory:
    """A file of JSON lines. What is added is in it before `add` returns; a line that was cut by a crash is left out."""

    def __init__(self, path: Path, keep_from: date) -> None:
        """Read the file, if there is one, and leave out what is of days before `keep_from`. Raises OSError."""
        self._path = path
        self._times: dict[str, str] = {}
        self.read_to: date | None = None  # the last day of which everything was read, or was read once
        kept = []
        for line in _lines(path):
            if "read_to" in line:
                self.read_to = date.fromisoformat(line["read_to"])
            elif line["day"] >= keep_from.isoformat():
                self._times[line["id"]] = line["at"]
                kept.append(line)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.read_to is not None:
            kept.append({"read_to": self.read_to.isoformat()})
        beside = path.with_suffix(".new")
        beside.write_text("".join(map(_line, kept)), encoding="utf-8")
        beside.replace(path)
        self._file = path.open("a", encoding="utf-8")

    def first_seen(self, event_id: str, day: date, now: str) -> str:
        """Return when a message of `day` was first seen; that is `now` for a new one, which is kept."""
        if event_id not in self._times:
            self._times[event_id] = now
            self._append({"id": event_id, "day": day.isoformat(), "at": now})
        return self._times[event_id]

    def was_read(self, day: date) -> None:
        """Keep that everything up to `day` was read."""
        if self.read_to is None or day > self.read_to:
            self.read_to = day
            self._append({"read_to": day.isoformat()})

    def close(self) -> None:
        self._file.close()

    def _append(self, line: dict[str, str]) -> None:
        self._file.write(_line(line))
        self._file.flush()


def _line(value: dict[str, str]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and ("read_to" in line or {"id", "day", "at"} <= line.keys()):
            found.append(line)
    return found
