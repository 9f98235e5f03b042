"""Times when messages were first seen, and the day up to which everything was read: all that must survive a restart.

Results need no memory: a message that is read again is the same result. But a message without a time gets the time when
it was first seen, and that must be the same each time, or the result would be another one of the same id.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any


class Memory:
    """A file of JSON lines. What is added is in it before `first_seen` and `was_read` return.

    A line that was cut by a crash is left out.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one. Raises OSError."""
        self._path = path
        self._times: dict[str, tuple[str, str]] = {}  # id → day, time
        self.read_to: date | None = None  # the last day that was read, with every day before it
        for line in _lines(path):
            if "read_to" in line:
                self.read_to = date.fromisoformat(line["read_to"])
            else:
                self._times[line["id"]] = (line["day"], line["at"])
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write_anew()

    def first_seen(self, event_id: str, day: date, now: str) -> str:
        """Return when a message of `day` was first seen; that is `now` for a new one, which is kept."""
        if event_id not in self._times:
            self._times[event_id] = (day.isoformat(), now)
            self._append({"id": event_id, "day": day.isoformat(), "at": now})
        return self._times[event_id][1]

    def was_read(self, day: date) -> None:
        """Keep that `day` was read, and every day before it."""
        if self.read_to is None or day > self.read_to:
            self.read_to = day
            self._append({"read_to": day.isoformat()})

    def forget_before(self, day: date) -> None:
        """Forget messages of days that are not read again."""
        kept = {name: each for name, each in self._times.items() if each[0] >= day.isoformat()}
        if len(kept) < len(self._times):
            self._times = kept
            self._file.close()
            self._write_anew()

    def close(self) -> None:
        self._file.close()

    def _write_anew(self) -> None:
        beside = self._path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(_line({"id": name, "day": day, "at": at}) for name, (day, at) in self._times.items())
            if self.read_to is not None:
                file.write(_line({"read_to": self.read_to.isoformat()}))
        beside.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")

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
