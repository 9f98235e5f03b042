"""Describes a schema, so that two can be compared."""

from typing import Any

import asyncpg

from storage.database import SCHEMA

_EVERYTHING = """
    WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'conexoes'::regnamespace),
    columns AS (
        SELECT c.relname, a.*, pg_get_expr(adbin, c.oid) AS expression,
            row_number() OVER (PARTITION BY c.oid ORDER BY attnum) AS place
        FROM ours c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
    ),
    functions AS (SELECT *, oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'conexoes'::regnamespace)
    SELECT 'relation' AS kind, relname::text AS name, concat_ws(' ', relkind, relpersistence, reloptions,
        'row security', relrowsecurity, relforcerowsecurity, 'replica identity', relreplident,
        pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid), 'owner', relowner::regrole) AS definition FROM ours
    UNION SELECT 'column', concat(relname, '.', attname), concat_ws(' ', place, format_type(atttypid, atttypmod),
        CASE WHEN attcollation <> 0 THEN attcollation::regcollation END, 'not null', attnotnull,
        'generated', attgenerated, 'identity', attidentity, 'default', expression,
        attstorage, attcompression, 'statistics', attstattarget, attoptions) FROM columns
    UNION SELECT 'index', relname, concat(pg_get_indexdef(oid), indisvalid, indisreplident)
    FROM ours JOIN pg_index ON indexrelid = oid
    UNION SELECT 'constraint', concat(conrelid::regclass, '.', conname),
        concat_ws(' ', contype, pg_get_constraintdef(oid), convalidated, condeferrable, conislocal)
    FROM pg_constraint WHERE connamespace = 'conexoes'::regnamespace
    UNION SELECT 'trigger', concat(relname, '.', tgname), concat(pg_get_triggerdef(t.oid), tgenabled)
    FROM pg_trigger t JOIN ours c ON c.oid = tgrelid WHERE NOT tgisinternal
    UNION SELECT 'policy', concat(relname, '.', polname), concat_ws(' ', polcmd, polpermissive, polroles::regrole[],
        'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy JOIN ours c ON c.oid = polrelid
    UNION SELECT 'function', name, concat(pg_get_functiondef(oid), 'owner ', proowner::regrole, proleakproof)
    FROM functions
    UNION SELECT 'comment', concat(relname, '.', objsubid), description
    FROM pg_description JOIN ours c ON c.oid = objoid AND classoid = 'pg_class'::regclass
    UNION SELECT 'comment', name, description
    FROM pg_description JOIN functions f ON f.oid = objoid AND classoid = 'pg_proc'::regclass
    UNION SELECT 'statistics', stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
    WHERE stxnamespace = 'conexoes'::regnamespace
    UNION SELECT 'type', typname, typtype::text FROM pg_type
    WHERE typnamespace = 'conexoes'::regnamespace AND typrelid = 0 AND typelem = 0
    UNION SELECT 'grant', each.name, concat_ws(' ', grantee::regrole, privilege_type, is_grantable, grantor::regrole)
    FROM (
        SELECT relname::text AS name, coalesce(relacl, acldefault('r', relowner)) AS acl FROM ours WHERE relkind <> 'i'
        UNION ALL SELECT concat(relname, '.', attname), attacl FROM columns
        UNION ALL SELECT name, coalesce(proacl, acldefault('f', proowner)) FROM functions
        UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname = 'conexoes'
        UNION ALL SELECT 'by default', defaclacl FROM pg_default_acl
    ) AS each, aclexplode(each.acl)
"""


async def described(owner: asyncpg.Connection) -> set[tuple[Any, ...]]:
    """All that the catalogue knows of the schema, whatever order it was made in: (kind, name, definition) of each.

    Relations with their storage parameters, columns in their order, indexes, constraints, triggers, policies,
    functions with their sources, comments, owners and each privilege.
    """
    return {tuple(row) for row in await owner.fetch(_EVERYTHING)}


async def had(owner: asyncpg.Connection, name: str) -> None:
    """Have the database say that it had a migration."""
    await owner.execute(
        "INSERT INTO public._pogo_migration (migration_hash, migration_id, schema_name, applied)"
        " VALUES ($1, $1, $2, now())",
        name,
        SCHEMA,
    )
