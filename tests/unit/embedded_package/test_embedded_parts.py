"""The small parts that need no server: ports, locks, settings as text, log endings, the run file."""

import socket
from pathlib import Path

import pytest

from embedded import doctor, run_file
from embedded.errors import EmbeddedError
from embedded.huge_pages import HugePages, huge_pages
from embedded.kafka_config import server_properties
from embedded.lock import DirectoryLock, is_held
from embedded.ports import PORTS, free_port, free_ports, is_free, listens, remembered_port
from embedded.postgres_config import Disk, postgresql_conf
from embedded.postgres_directory import PostgresDirectory
from embedded.run_file import RunningSystem
from embedded.server_log import KEEP_BYTES, last_words, start_log

MIB, GIB = 1024**2, 1024**3
SMALL = Disk(GIB, 0, 0)


def test_port_is_free_until_somebody_listens() -> None:
    port = free_port()
    assert is_free(port)
    assert not listens(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert listens(port)


def test_free_ports_differ_and_are_none_that_a_client_gets() -> None:
    """A client's connection had the port of a Kafka before that had started, and it ended."""
    found = free_ports(200)
    assert len(set(found)) == 200
    assert set(found) <= set(PORTS)
    with socket.create_server(("127.0.0.1", 0)) as given, socket.create_connection(given.getsockname()) as client:
        assert client.getsockname()[1] not in PORTS


def test_port_is_remembered_while_it_is_free(tmp_path: Path) -> None:
    record = tmp_path / "port"
    port = remembered_port(record)
    assert remembered_port(record) == port
    with socket.create_server(("127.0.0.1", port)):
        other = remembered_port(record)
    assert other != port
    assert remembered_port(record) == other


@pytest.mark.parametrize("text", ["", "many", "0", "70000", "-1"])
def test_unusable_port_record_is_replaced(tmp_path: Path, text: str) -> None:
    record = tmp_path / "port"
    record.write_text(text)
    assert 0 < remembered_port(record) < 65536


def test_lock_has_one_holder_and_is_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with DirectoryLock(path, refusal=""):
        assert is_held(path)
        with pytest.raises(EmbeddedError, match="taken"), DirectoryLock(path, refusal="taken", wait_seconds=0):
            pass
    assert not is_held(path)


def test_run_file_is_private_and_true_only_under_the_lock(tmp_path: Path) -> None:
    system = RunningSystem(kafka="127.0.0.1:1", database="postgresql://secret", pids={"system": 1})
    run_file.write(tmp_path, system)
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    assert run_file.running(tmp_path) is None
    with DirectoryLock(run_file.lock_path(tmp_path), refusal=""):
        assert run_file.running(tmp_path) == system
        run_file.remove(tmp_path)
        assert run_file.running(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"unknown": 1}'], ids=["empty", "no object", "of another version"])
def test_unreadable_run_file_is_no_system(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with DirectoryLock(run_file.lock_path(tmp_path), refusal=""):
        assert run_file.running(tmp_path) is None


def test_broker_takes_records_of_four_mebibytes_and_makes_no_topics_by_itself() -> None:
    text = server_properties(log_dir=Path("/data"), port=19092, controller_port=5)
    values = dict(line.split("=", 1) for line in text.splitlines())
    assert int(values["message.max.bytes"]) > 4 * 1024**2
    assert values["auto.create.topics.enable"] == "false"
    assert values["advertised.listeners"] == "BROKER://127.0.0.1:19092"
    assert values["controller.quorum.voters"] == "1@127.0.0.1:5"


@pytest.mark.parametrize(
    ("memory", "shared"),
    [(64 * GIB, "6144MB"), (4 * GIB, "1024MB"), (2 * GIB, "512MB"), (GIB // 16, "32MB")],
    ids=["at most 6 GB", "a quarter of 4 GiB", "a quarter of 2 GiB", "at least 32 MB"],
)
def test_database_takes_a_quarter_of_the_memory(memory: int, shared: str) -> None:
    conf = postgresql_conf(port=1, memory_bytes=memory, disk=SMALL, durable=True)
    assert f"\nshared_buffers = {shared}\n" in conf


def test_huge_pages_are_those_that_the_system_keeps(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert huge_pages(meminfo) is None
    meminfo.write_text("MemTotal:       24677308 kB\nHugePages_Total:    3150\nHugePages_Free:      3067\n")
    assert huge_pages(meminfo) is None
    with meminfo.open("a") as file:
        file.write("Hugepagesize:       2048 kB\n")
    kept = huge_pages(meminfo)
    assert kept == HugePages(3150, 2 * MIB)
    # PostgreSQL 18 with 200 connections and 6,026 MiB of buffers took 3,116 of them.
    assert 3116 <= kept.wanted(6026 * MIB) <= 3150


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (None, "This system has none."),
        (HugePages(7, 2 * MIB), "7 are kept, too few for the embedded PostgreSQL. With 1,081 "),
        (HugePages(1_081, 2 * MIB), "1,081 are kept; the embedded PostgreSQL takes about 1,081 "),
    ],
    ids=["no such thing", "too few", "enough"],
)
def test_doctor_says_whether_huge_pages_are_enough(
    kept: HugePages | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "huge_pages", lambda: kept)
    monkeypatch.setattr(doctor, "buffers_mib", lambda _memory: 2048)
    finding = doctor._huge_pages()
    assert finding.ok
    assert finding.detail.startswith(says)


@pytest.mark.parametrize(
    ("disk", "log"),
    [
        (Disk(1024 * GIB, 0, 0), "16384MB"),
        (Disk(40 * GIB, 0, 0), "10240MB"),
        (Disk(24 * GIB, 32 * GIB, 8 * GIB), "14336MB"),
        (Disk(4 * GIB, 100 * GIB, 2 * GIB), "3072MB"),
        (Disk(GIB // 2, 0, 0), "1024MB"),
    ],
    ids=["at most 16 GB", "a quarter of 40 GiB", "a quarter with what it has", "half of the room", "at least 1 GB"],
)
def test_its_log_takes_a_quarter_of_the_disk(disk: Disk, log: str) -> None:
    assert f"\nmax_wal_size = {log}\n" in postgresql_conf(port=1, memory_bytes=GIB, disk=disk, durable=True)


def test_its_log_is_a_part_of_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "pg_wal").mkdir(parents=True)
    (tmp_path / "postgres" / "PG_VERSION").write_bytes(b"18\n")
    (tmp_path / "postgres" / "pg_wal" / "1").write_bytes(b"x" * 1000)
    disk = PostgresDirectory(tmp_path, tmp_path / "log", None).disk()
    assert (disk.data, disk.log) == (1003, 1000)
    assert disk.free > 0


def test_only_a_database_for_tests_trades_safety_for_speed() -> None:
    assert "fsync" not in postgresql_conf(port=1, memory_bytes=GIB, disk=SMALL, durable=True)
    assert "fsync = off" in postgresql_conf(port=1, memory_bytes=GIB, disk=SMALL, durable=False)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", ""),
        ("one\ntwo\n", "two"),
        ("FATAL: disk full\nLOG: shutting down\n", "FATAL: disk full"),
        ("FATAL: disk full\nFATAL: the database system is starting up\n", "FATAL: disk full"),
    ],
    ids=["nothing", "no error", "error, then more", "our own question refused"],
)
def test_last_words_are_the_error_of_this_start(tmp_path: Path, said: str, words: str) -> None:
    log = tmp_path / "logs" / "server.log"
    start_log(log)
    with log.open("a") as file:
        file.write("FATAL: of an earlier start\n")
    start_log(log)
    with log.open("a") as file:
        file.write(said)
    assert last_words(log) == words


def test_long_log_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * (KEEP_BYTES + 1))
    start_log(log)
    assert log.stat().st_size < 100
    assert (tmp_path / "server.log.1").stat().st_size == KEEP_BYTES + 1
