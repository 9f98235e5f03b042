"""A real PostgreSQL: what it promises its clients, and what happens to it and to its data."""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from embedded.errors import EmbeddedError
from embedded.postgres import EmbeddedPostgres

Until = Callable[[Callable[[], bool]], Awaitable[None]]
IsGone = Callable[[int | None], bool]


async def run(url: str, statement: str) -> object:
    """The first value of a statement's first row, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_and_read_after(first: EmbeddedPostgres, second: EmbeddedPostgres, end: int | None) -> None:
    """Write by one server, end it (by a signal, or in order for None), read by another one."""
    try:
        await run(await first.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
        if end is None:
            await first.stop()
        else:
            assert first.pid is not None
            os.kill(first.pid, end)
        assert await run(await second.start(), "SELECT answer FROM kept") == 42
    finally:
        await second.stop()
        await first.stop()


async def test_data_are_kept_over_a_restart_and_the_address_too(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    await write_and_read_after(postgres, postgres, None)
    url = await postgres.start()
    await postgres.stop()
    assert await postgres.start() == url
    await postgres.stop()


async def test_killed_server_starts_again_with_its_data(data_dir: Path) -> None:
    # Its pid file and, for a moment, its helper processes are still there.
    await write_and_read_after(EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir), signal.SIGKILL)


async def test_leftover_of_a_killed_owner_is_stopped_by_the_next_start(
    data_dir: Path, until: Until, is_gone: IsGone
) -> None:
    leftover, postgres = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    try:
        await leftover.start()
        old_pid = leftover.pid
        await postgres.start()
        await until(lambda: is_gone(old_pid))
        assert postgres.pid not in (None, old_pid)
    finally:
        await postgres.stop()
        await leftover.stop()


async def test_pid_file_with_another_programs_number_is_no_obstacle(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir, durable=False)
    await postgres.start()
    await postgres.stop()
    (data_dir / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{data_dir}/postgres\n0\n5432\n\n\n0 0\nready\n"
    )
    await postgres.start()
    await postgres.stop()


async def test_deep_directory_works(tmp_path: Path) -> None:
    # A unix socket's path ends at about 107 bytes.
    postgres = EmbeddedPostgres(tmp_path / ("deep" * 40) / ("deeper" * 20), durable=False)
    assert await run(await postgres.start(), "SELECT 1") == 1
    await postgres.stop()


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")], ids=["durable", "for tests"])
async def test_settings(data_dir: Path, *, durable: bool, fsync: str) -> None:
    postgres = EmbeddedPostgres(data_dir, durable=durable)
    url = await postgres.start()
    try:
        for name, value in {
            "fsync": fsync,
            "synchronous_commit": fsync,
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "jit": "off",
            "max_connections": "200",
            "TimeZone": "UTC",
        }.items():
            assert await run(url, f"SHOW {name}") == value
        # By code point, not by any language; case as Unicode has it.
        assert await run(url, "SELECT 'Z' < 'a' AND 'z' < 'É' AND lower('É') = 'é'")
    finally:
        await postgres.stop()


async def test_nobody_logs_in_without_the_password(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir, durable=False)
    url = await postgres.start()
    try:
        password = (data_dir / "postgres.password").read_text().strip()
        assert password in url
        assert (data_dir / "postgres.password").stat().st_mode & 0o077 == 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            await run(url.replace(password, "guess"), "SELECT 1")
    finally:
        await postgres.stop()


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("postgres/PG_VERSION", None, "PG_VERSION is missing"),
        ("postgres/PG_VERSION", "16", "belongs to PostgreSQL 16"),
        ("postgres/global/pg_control", "broken", "ended at its start, saying «.*pg_control"),
        ("postgres.password", None, "password of the database is missing"),
        ("postgres.password", "another", "is not that of its database"),
    ],
    ids=["no version", "other version", "broken control file", "no password", "other password"],
)
async def test_broken_data_are_a_sentence(data_dir: Path, file: str, content: str | None, sentence: str) -> None:
    postgres = EmbeddedPostgres(data_dir, durable=False)
    await postgres.start()
    await postgres.stop()
    if content is None:
        (data_dir / file).unlink()
    else:
        (data_dir / file).write_text(content)
    with pytest.raises(EmbeddedError, match=sentence):
        await postgres.start()
    assert postgres.pid is None
