"""The two servers of one data directory: together or not at all, one owner, and known to other terminals."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from embedded.errors import EmbeddedError
from embedded.run_file import running
from embedded.system import EmbeddedSystem

Until = Callable[[Callable[[], bool]], Awaitable[None]]
IsGone = Callable[[int | None], bool]

# Enters a system in a process of its own, says so, and stays.
OWNER = """
import asyncio, sys
from pathlib import Path
from embedded.system import EmbeddedSystem

async def main():
    async with EmbeddedSystem(Path(sys.argv[1]), kafka_port=int(sys.argv[2])):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_system_is_announced_while_it_runs(data_dir: Path, port: int, is_gone: IsGone) -> None:
    assert running(data_dir) is None
    async with EmbeddedSystem(data_dir, kafka_port=port, durable=False) as system:
        assert system.kafka_bootstrap_servers == f"127.0.0.1:{port}"
        connection = await asyncpg.connect(system.database_url)
        await connection.close()
        system.publish(http="http://127.0.0.1:8080")
        found = running(data_dir)
        assert found is not None
        assert (found.kafka, found.database) == (system.kafka_bootstrap_servers, system.database_url)
        assert found.http == "http://127.0.0.1:8080"
        assert set(found.pids) == {"system", "kafka", "postgres"}
        assert (data_dir / "run.json").stat().st_mode & 0o077 == 0
    assert running(data_dir) is None
    assert all(is_gone(found.pids[server]) for server in ("kafka", "postgres"))


async def test_second_system_on_the_same_directory_is_refused_and_harms_nothing(data_dir: Path, port: int) -> None:
    async with EmbeddedSystem(data_dir, kafka_port=port, kafka=False, durable=False) as system:
        with pytest.raises(EmbeddedError, match="already running on"):
            async with EmbeddedSystem(data_dir, kafka_port=port, kafka=False):
                pass
        assert running(data_dir) is not None
        connection = await asyncpg.connect(system.database_url)
        await connection.close()


async def test_failed_start_of_one_server_stops_the_other(data_dir: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(EmbeddedError, match="CONEXOES_KAFKA_PORT"):
        async with EmbeddedSystem(data_dir, kafka_port=port, durable=False):
            pass
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    assert running(data_dir) is None


async def test_cancelled_start_leaves_nothing_running(data_dir: Path, port: int, until: Until) -> None:
    async def enter() -> None:
        async with EmbeddedSystem(data_dir, kafka_port=port, durable=False):
            pass

    # The first start makes the data; the second is cancelled when the database is up and Kafka not yet.
    await enter()
    start = asyncio.create_task(enter())
    await until((data_dir / "postgres" / "postmaster.pid").exists)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    await enter()


async def test_servers_end_with_their_killed_owner_and_start_again(data_dir: Path, port: int, is_gone: IsGone) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(data_dir), str(port), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"ready\n"
    found = running(data_dir)
    assert found is not None
    os.kill(owner.pid, signal.SIGKILL)
    await owner.wait()
    assert running(data_dir) is None
    async with EmbeddedSystem(data_dir, kafka_port=port) as system:
        assert system.database_url == found.database
        assert all(is_gone(found.pids[server]) for server in ("kafka", "postgres"))


async def test_death_of_a_server_is_told(data_dir: Path, port: int) -> None:
    async with EmbeddedSystem(data_dir, kafka_port=port, kafka=False, durable=False) as system:
        found = running(data_dir)
        assert found is not None
        os.kill(found.pids["postgres"], signal.SIGKILL)
        assert "PostgreSQL ended" in str(await asyncio.wait_for(system.ended(), 20))


async def test_data_directory_that_is_a_file_is_a_sentence(file_for_dir: Path, port: int) -> None:
    with pytest.raises(EmbeddedError, match="CONEXOES_DATA_DIR"):
        async with EmbeddedSystem(file_for_dir, kafka_port=port):
            pass
