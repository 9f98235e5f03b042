"""Tables and functions as PostgreSQL's catalogue has them."""

from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

#: Query of tables, without partitions, which are described with their parent.
_TABLES = """
SELECT c.oid, relname, obj_description(c.oid, 'pg_class') AS comment, pg_get_partkeydef(c.oid) AS partitioned,
    array_to_string(reloptions, ', ') AS parameters
FROM pg_class c
WHERE relnamespace = 'conexoes'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""
_COLUMNS = """
SELECT attname AS name, attnotnull AS required, pg_get_expr(adbin, adrelid) AS expression,
    attgenerated::text <> '' AS generated, attidentity::text <> '' AS numbered,
    format_type(atttypid, atttypmod) || CASE WHEN collname = 'C' THEN ' "C"' ELSE '' END AS type
FROM pg_attribute a
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
LEFT JOIN pg_collation co ON co.oid = attcollation
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
ORDER BY attnum
"""
_PRIMARY_KEY = """
SELECT attname FROM pg_index, unnest(indkey) WITH ORDINALITY AS part (number, place)
JOIN pg_attribute ON attnum = number WHERE indrelid = $1 AND attrelid = $1 AND indisprimary ORDER BY place
"""
_INDEXES = """
SELECT i.relname, pg_get_indexdef(indexrelid, 0, true) FROM pg_index JOIN pg_class i ON i.oid = indexrelid
WHERE indrelid = $1 AND NOT indisprimary ORDER BY 1
"""
_CHECKS = """
SELECT conname, pg_get_constraintdef(oid, true) FROM pg_constraint WHERE conrelid = $1 AND contype = 'c' ORDER BY 1
"""
_TRIGGERS = """
SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY 1
"""
#: Query of the rights of a role on the whole table, or on some of its columns.
_PRIVILEGES = """
SELECT role, string_agg(DISTINCT concat(privilege, '(' || columns || ')'), ', ')
FROM (
    SELECT grantee::regrole::text AS role, privilege_type AS privilege, NULL AS columns
    FROM pg_class, aclexplode(relacl) WHERE oid = $1 AND grantee <> relowner
    UNION ALL
    SELECT grantee::regrole::text, privilege_type, string_agg(attname, ', ' ORDER BY attnum)
    FROM pg_attribute, aclexplode(attacl) WHERE attrelid = $1 GROUP BY 1, 2
) AS each
GROUP BY 1 ORDER BY 1
"""
_ROWS = """
SELECT role::regrole::text, string_agg(pg_get_expr(polqual, polrelid), ' OR ' ORDER BY polname)
FROM pg_policy, unnest(polroles) AS role WHERE polrelid = $1 GROUP BY 1
"""
_FUNCTIONS = """
SELECT proname, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result,
    prosecdef AS as_owner, prorettype = 'trigger'::regtype AS is_trigger,
    array(
        SELECT CASE grantee WHEN 0 THEN 'everybody' ELSE grantee::regrole::text END
        FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee <> proowner ORDER BY 1
    ) AS callers
FROM pg_proc WHERE pronamespace = 'conexoes'::regnamespace ORDER BY proname
"""


class Column(NamedTuple):
    """One column, its type and default as PostgreSQL prints them."""

    name: str
    type: str
    required: bool
    default: str  # '' for none


class Right(NamedTuple):
    """A right of a role, and the rows that it covers; None where row-level security has no policy, so no rows."""

    role: str
    privileges: str
    rows: str | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table with its columns, keys, indexes, triggers and rights, as SQL."""

    name: str
    comment: str
    partitioned: str | None
    parameters: str | None
    columns: list[Column]
    primary_key: list[str]
    indexes: dict[str, str]
    checks: dict[str, str]
    triggers: dict[str, str]
    rights: list[Right]


class Function(NamedTuple):
    """One function; a trigger's is called by its trigger only."""

    name: str
    arguments: str
    result: str
    as_owner: bool
    is_trigger: bool
    callers: list[str]


async def tables(owner: asyncpg.Connection) -> list[Table]:
    """Read every table but partitions, by name. `owner` has the schema as its search path."""
    return [await _table(owner, row) for row in await owner.fetch(_TABLES)]


async def functions(owner: asyncpg.Connection) -> list[Function]:
    """Read every function, by name."""
    return [Function(*row) for row in await owner.fetch(_FUNCTIONS)]


async def _table(owner: asyncpg.Connection, row: asyncpg.Record) -> Table:
    oid = row["oid"]
    visible = await _by_name(owner, _ROWS, oid)
    secured = bool(await owner.fetchval("SELECT relrowsecurity FROM pg_class WHERE oid = $1", oid))
    return Table(
        name=row["relname"],
        comment=row["comment"] or "",
        partitioned=row["partitioned"],
        parameters=row["parameters"],
        columns=[
            Column(each["name"], each["type"], each["required"], _default(each))
            for each in await owner.fetch(_COLUMNS, oid)
        ],
        primary_key=[each[0] for each in await owner.fetch(_PRIMARY_KEY, oid)],
        indexes=await _by_name(owner, _INDEXES, oid),
        checks=await _by_name(owner, _CHECKS, oid),
        triggers=await _by_name(owner, _TRIGGERS, oid),
        rights=[
            Right(role, privileges, visible.get(role) if secured else "true")
            for role, privileges in await owner.fetch(_PRIVILEGES, oid)
        ],
    )


async def _by_name(owner: asyncpg.Connection, statement: str, oid: int) -> dict[str, str]:
    return {row[0]: row[1] for row in await owner.fetch(statement, oid)}


def _default(column: asyncpg.Record) -> str:
    if column["numbered"]:
        return "counted up"
    expression = " ".join((column["expression"] or "").split())
    return f"always {expression}" if column["generated"] else expression
