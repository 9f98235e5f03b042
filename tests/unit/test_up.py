"""The key of a local installation, and what is said of a simulation."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from agents.settings import AgentSettings
from cli.kept import local_key, worker_id
from cli.simulation import counted
from cli.up import _environment
from schemas.refusal import DeadLetterCode


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = local_key(tmp_path)
    assert key.startswith("cnx_")
    assert local_key(tmp_path) == key
    assert (tmp_path / "local.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_file_is_no_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.key").write_text(content)
    assert local_key(tmp_path).startswith("cnx_")


def test_a_key_of_one_s_own_is_taken_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "local.key").write_text("mine\n")
    assert local_key(tmp_path) == "mine"


def test_counts_are_words() -> None:
    assert counted({"result": 486, DeadLetterCode.ENCODING: 1}) == "486 result, 1 encoding"
    assert counted({}) == "none"


def test_a_worker_has_the_same_name_at_each_start_and_another_one_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    assert worker_id(here) == worker_id(here)
    assert worker_id(here) != worker_id(there)
    assert AgentSettings(worker_id=worker_id(here)).worker_id == worker_id(here)


def test_ctrl_c_while_the_program_is_being_loaded_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_the_command_begins_there() -> None:
    [command] = [each for each in metadata.entry_points(group="console_scripts") if each.name == "conexoes"]
    assert command.value == "cli.entry:main"


def test_the_demo_sends_its_last_week_once() -> None:
    url, door = "postgresql://owner@127.0.0.1/conexoes", {"CONEXOES_SIMULATE_HTTP_KEY": "k"}
    told = {**door, "CONEXOES_METRICS_PORT": ""}
    assert _environment("simulate", url, embedded=True, begun=False, door=door) == told
    begun = _environment("simulate", url, embedded=True, begun=True, door=door)
    assert begun == {**told, "CONEXOES_SIMULATE_BACKFILL": "0"}
    for name in ("agents", "admin"):
        made = [_environment(name, url, embedded=True, begun=each, door=door) for each in (False, True)]
        assert made[0] == made[1] != {}
        assert "CONEXOES_SIMULATE_HTTP_KEY" not in made[0]
        assert _environment(name, url, embedded=False, begun=True, door=door) == {}
