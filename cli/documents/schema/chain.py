"""Checks of the chain of migrations against its page and against the released files."""

from pathlib import Path

from cli.documents.schema.page import row_of
from cli.documents.schema.source import digest

#: File with the output of `sha256sum *.sql` at the last release; decision 0022.
RELEASED = "released.sha256"


def faults(directory: Path, page: str) -> list[str]:
    """Name each migration that docs/schema.md describes in another version, and each that changed since its release.

    `directory` has the migrations and RELEASED; `page` is the text of docs/schema.md. One sentence for each.
    """
    files = sorted(directory.glob("*.sql"))
    rows = {line for line in page.splitlines() if "](../storage/migrations/" in line}
    found = [
        f"docs/schema.md does not have storage/migrations/{each.name} as it is: run `make schema`"
        for each in files
        if row_of(each) not in rows
    ]
    if not found and len(rows) != len(files):
        found.append("docs/schema.md has migrations that are no more: run `make schema`")
    now = {each.name: digest(each) for each in files}
    return found + [
        f"storage/migrations/{name} was released and can't be changed: add a migration (decision 0022)"
        for name, then in _released(directory / RELEASED).items()
        if now.get(name) != then
    ]


def _released(path: Path) -> dict[str, str]:
    """Return digests by name; none before the first release."""
    return {name: then for then, name in (line.split() for line in path.read_text("utf-8").splitlines())}
