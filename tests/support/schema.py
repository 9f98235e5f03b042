"""What a schema consists of, to be compared."""

from typing import Any

import asyncpg


async def described(owner: asyncpg.Connection) -> set[tuple[Any, ...]]:
    """Tables with their columns, indexes, constraints, triggers, policies, functions and grants, and what is valid."""
    rows = await owner.fetch("""
        WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'conexoes'::regnamespace)
        SELECT relname::text, concat(relkind, relrowsecurity), concat(reloptions, relacl) FROM ours
        UNION SELECT relname, attname, concat(format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, c.oid))
        FROM ours c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        UNION SELECT 'index', '', concat(pg_get_indexdef(i.indexrelid), indisvalid)
        FROM pg_index i JOIN ours c ON c.oid = i.indexrelid
        UNION SELECT contype::text, concat(conrelid::regclass, '.', conname), pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'conexoes'::regnamespace
        UNION SELECT 'trigger', tgname, concat(pg_get_triggerdef(t.oid), tgenabled)
        FROM pg_trigger t JOIN ours c ON c.oid = tgrelid WHERE NOT tgisinternal
        UNION SELECT 'policy', concat(polname, polrelid::regclass), pg_get_expr(polqual, polrelid) FROM pg_policy
        UNION SELECT 'function', proacl::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'conexoes'::regnamespace
    """)
    return {tuple(row) for row in rows}
