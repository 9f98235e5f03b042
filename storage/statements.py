"""Named SQL statements from `sql/` and its folders.

A statement begins with a line `-- name --`; a name that is missing or used twice fails at import. Where a statement
says `{name}` of another one, that one's text stands: what several share is written once. Names in braces that are
no statements stay, for who runs it to fill in (`{filter}`).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_PLACE = re.compile(r"\{([a-z_]+)\}")
_NAME = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)


def _load() -> Mapping[str, str]:
    statements: dict[str, str] = {}
    root = Path(__file__).parent / "sql"
    for path in sorted(root.rglob("*.sql")):
        parts = _NAME.split(path.read_text(encoding="utf-8"))
        for name, statement in zip(parts[1::2], parts[2::2], strict=True):
            if name in statements:
                raise ValueError(f"storage/sql/{path.relative_to(root)}: statement {name} exists already")
            statements[name] = statement.strip()

    def whole(statement: str) -> str:
        return _PLACE.sub(lambda place: whole(statements[place[1]]) if place[1] in statements else place[0], statement)

    return MappingProxyType({name: whole(statement) for name, statement in statements.items()})


SQL = _load()
