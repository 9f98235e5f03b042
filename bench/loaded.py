"""The loaded database: made when it is missing, used again otherwise."""

import hashlib
import json
from dataclasses import asdict

import asyncpg

from bench.databases import RETENTION_DAYS, sibling
from bench.loader.load import Load, load
from bench.say import say
from storage.migrate import migrate
from storage.schema_version import MIGRATIONS

_NAME = "bench_loaded"


async def database(server: str, wanted: Load) -> str:
    """The owner's URL of a database with the `wanted` population, and with what earlier measurements added."""
    url = sibling(server, _NAME)
    mark = json.dumps(asdict(wanted) | {"schema": _schema()})
    admin = await asyncpg.connect(server)
    try:
        found = await admin.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", _NAME
        )
        if found == mark:
            say(f"{wanted.logs:,} logs are loaded already")
            return url
        await admin.execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {_NAME}")
        await migrate(url, RETENTION_DAYS)
        await load(url, wanted)
        # Only now: a load that was interrupted leaves a database without the comment.
        await admin.execute(f"COMMENT ON DATABASE {_NAME} IS '{mark}'")
        return url
    finally:
        await admin.close()


def _schema() -> str:
    """A digest of the migrations' text. A database that other migrations made has another one."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(MIGRATIONS.glob("*.sql")))).hexdigest()[:16]
