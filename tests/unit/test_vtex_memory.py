"""Memory of the bridge of VTEX's log contract over a restart."""

from datetime import date
from pathlib import Path

import pytest

from connectors.vtex_logs.memory import Memory

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bridges" / "memory.jsonl"


def test_the_first_time_stays_over_a_restart(path: Path) -> None:
    memory = Memory(path)
    assert [memory.first_seen("a", MONDAY, each) for each in ("1", "2")] == ["1", "1"]
    memory.was_read(MONDAY)
    memory.close()
    again = Memory(path)
    assert (again.first_seen("a", MONDAY, "3"), again.read_to) == ("1", MONDAY)
    again.close()


def test_what_is_too_old_is_forgotten_and_the_last_day_is_not(path: Path) -> None:
    memory = Memory(path)
    memory.first_seen("a", MONDAY, "1")
    memory.first_seen("b", TUESDAY, "1")
    memory.was_read(MONDAY)
    memory.forget_before(TUESDAY)
    memory.first_seen("c", TUESDAY, "1")
    memory.close()
    again = Memory(path)
    assert [again.first_seen(name, TUESDAY, "2") for name in "abc"] == ["2", "1", "1"]
    assert again.read_to == MONDAY
    again.close()


@pytest.mark.parametrize("torn", [b'{"id":"b","da', b"\xff\xfe\n", b"[1]\n", b"null\n", b"\n"])
def test_a_line_that_a_crash_has_cut_is_left_out(path: Path, torn: bytes) -> None:
    memory = Memory(path)
    memory.first_seen("a", MONDAY, "1")
    memory.close()
    with path.open("ab") as file:
        file.write(torn)
    again = Memory(path)
    assert again.first_seen("a", MONDAY, "2") == "1"
    again.close()


def test_the_last_day_never_goes_back(path: Path) -> None:
    memory = Memory(path)
    memory.was_read(TUESDAY)
    memory.was_read(MONDAY)
    assert memory.read_to == TUESDAY
    memory.close()
