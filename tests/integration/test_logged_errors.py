"""Errors of PostgreSQL as processes log them: what is wrong, where, and no value of a row."""

import asyncio
import json
import sys

import pytest

CANARY = "canary-52998224725"
ERASURE = "INSERT INTO erasures (account, id, by, digest, requested_by, reason) VALUES ($1, '{uuid}', {by}, $2, $1, $1)"
DIGEST = "sha256('x')"
#: Statements that PostgreSQL refuses, and arguments that the driver can't send; each says the canary to whoever asks.
FAILING = {
    "not null": (ERASURE.replace("{by}", "NULL").replace("$2", DIGEST), [CANARY], "23502"),
    "check": (ERASURE.replace("{by}", "$1").replace("$2", DIGEST), [CANARY], "23514"),
    "unique": (
        """INSERT INTO automatic_off (account, set_by) SELECT $1, $1 FROM (VALUES (1), (2)) AS twice""",
        [CANARY],
        "23505",
    ),
    "foreign key": (
        """INSERT INTO automatic_retries (account, log_id, integration_type, affiliate, class, fingerprint)
           VALUES ($1, '{uuid}', $1, $1, 'busy', $1)""",
        [CANARY],
        "23503",
    ),
    "type": ("SELECT $1::text::integer", [CANARY], "22P02"),
    "json": ("SELECT $1::text::jsonb", [f'{{"x": {CANARY}}}'], "22P02"),
    "time": ("SELECT $1::text::timestamptz", [f"2026-{CANARY}"], "22"),
    "expression": ("SELECT 'x' ~ $1::text", [f"({CANARY}"], "2201B"),
    "raised": ("SELECT 1 / (length($1::text) - length($1::text))", [CANARY], "22012"),
    "argument": ("SELECT $1::integer", [CANARY], "22000"),
    "arguments": ("SELECT $1::uuid[]", [[CANARY]], "22000"),
}
SCRIPT = """
import asyncio, json, logging, sys
import structlog
from cli.logs import log_as_json
from storage.database import Database, translated
from storage.settings import StorageSettings

async def main(url, statement, arguments):
    log_as_json()
    log = structlog.get_logger("agents.test")
    database = Database(url, "owner", StorageSettings(database_url=url))

    async def ask(how):
        async with database.connection() as connection:
            if how == "translated":
                await connection.execute(statement, *arguments)
            async with connection.transaction():
                try:
                    await connection.execute(statement, *arguments)
                except Exception as exc:
                    if how == "raw":
                        log.exception("raw")
                    if how == "cause":
                        raise RuntimeError("of this") from exc
                    if how == "context":
                        raise RuntimeError("after this")
                    if how == "group":
                        raise ExceptionGroup("all", [exc, ValueError("x")])
                    raise

    for how in ("raw", "cause", "context", "group", "translated"):
        try:
            await ask(how)
        except Exception as exc:
            log.error("failed", how=how, exc_info=exc)
            log.error("said", how=how, reason=str(exc) if how == "translated" else "")
            logging.getLogger("asyncio").error("of a library " + how, exc_info=exc)
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
"""


@pytest.mark.parametrize(("statement", "arguments", "code"), FAILING.values(), ids=FAILING.keys())
async def test_a_logged_error_of_postgresql_has_no_value(
    database_url: str, statement: str, arguments: list[object], code: str
) -> None:
    """Directly, as a cause, behind another error, in a group, and as our own; by us and by a library."""
    statement = statement.replace("{uuid}", "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, database_url, statement, json.dumps(arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out) == (0, b""), err
    assert CANARY not in err.decode()
    lines = [json.loads(line) for line in err.splitlines()]
    told = [line["exception"] for line in lines if "exception" in line]
    assert len(told) >= 10
    assert all(code in each for each in told)
    assert "DETAIL" not in err.decode()
