"""The plan by which a statement is answered, as the reader's connections have it: prepared, and kept for any values."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from storage.database import Connection

Plan = dict[str, Any]


async def explained(connection: Connection, sql: str, arguments: Sequence[Any]) -> Plan:
    """Runs `sql` by the connection's plan_cache_mode: with arguments bound to EXPLAIN it would be planned for these."""
    await connection.execute(f"PREPARE explained AS {sql}")
    values = f"({', '.join(_literal(each) for each in arguments)})" if arguments else ""
    told = await connection.fetchval(f"EXPLAIN (ANALYZE, VERBOSE, TIMING OFF, FORMAT JSON) EXECUTE explained {values}")
    await connection.execute("DEALLOCATE explained")
    return dict(json.loads(told)[0]["Plan"])


def nodes(plan: Plan) -> Iterator[Plan]:
    """The plan and all below it."""
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (list, tuple)):
        return _quoted("{" + ",".join(map(_element, value)) + "}")
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
