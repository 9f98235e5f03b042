"""Coverage of failing bodies of vendors by the playbook: `python -m bench.playbook_coverage DIRECTORY`.

The directory has `index.csv` (`file`, `kind`, `affiliate`, `note`) and the bodies, in a folder for each type; none of
it is committed. A body becomes the message of an error, as a connector sends it that knows no better; a status that the
note has (`res409`) is the answer's. `--facts FILE…` measures other files than those that are shipped.
"""

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from bench.say import say
from schemas.catalogue import BY_NAME
from schemas.playbook import Playbook, SeenError
from schemas.playbook.shipped import Shipped, read_facts, shipped

_STATUS = re.compile(r"\bres(\d{3})\b")


class Body(NamedTuple):
    """A body of a failing answer."""

    file: str
    error: SeenError


def bodies(directory: Path) -> Iterator[Body]:
    """Give the failing bodies that the index of a directory names."""
    with (directory / "index.csv").open(encoding="utf-8", newline="") as index:
        for row in csv.DictReader(index):
            folder = row["file"].partition("/")[0]
            if row["kind"] != "error" or folder not in BY_NAME:
                continue
            status = _STATUS.search(row["note"])
            error = SeenError(
                integration_type=folder,
                affiliate=row["affiliate"].rpartition(" via ")[2],  # a hub answers in its own words
                message=_text((directory / row["file"]).read_text("utf-8", "replace")),
                status=int(status[1]) if status else None,
            )
            yield Body(row["file"], error)


def _text(body: str) -> str:
    """Return the text of a body that is a string of JSON, any other as it is."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return value if isinstance(value, str) else body


def origin_of(playbook: Playbook, error: SeenError) -> tuple[str, str]:
    """Return where the entry of an error is from, and what it is about; `status` for one that knows only the status."""
    entry = playbook.about(error)
    if entry is None:
        return "none", ""
    subject = f"{entry.marketplace or 'any'}: {entry.code or entry.message or entry.fault_class}"
    only_status = entry.origin == "shipped" and entry.marketplace is None and (entry.code or "").isdecimal()
    return "status" if only_status else entry.origin, subject


def main() -> None:
    """Say what the entry of each body is about, and how many there are of each origin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--facts", type=Path, nargs="+", default=[])
    asked = parser.parse_args()
    facts = [each for path in asked.facts for each in read_facts(path.name, path.read_text("utf-8").splitlines())]
    playbook = Playbook(shipped=Shipped(facts) if asked.facts else shipped())
    counts: Counter[str] = Counter()
    for file, error in bodies(asked.directory):
        origin, subject = origin_of(playbook, error)
        counts[origin] += 1
        say(f"{origin:8} {file:42} {error.affiliate:24} {subject}")
    total = counts.total()
    say(f"{total} bodies: " + ", ".join(f"{name} {n} ({n / total:.0%})" for name, n in counts.most_common()))


if __name__ == "__main__":
    main()
