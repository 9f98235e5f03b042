"""Names of workers: given, or by slot."""

import subprocess
import sys
from pathlib import Path

from agents.process.worker_id import claim_worker_id


def test_a_given_name_is_taken(tmp_path: Path) -> None:
    with claim_worker_id("w7", tmp_path) as name:
        assert name == "w7"


def test_two_processes_have_two_names_and_a_successor_has_its_predecessor_s(tmp_path: Path) -> None:
    with claim_worker_id(None, tmp_path) as first:
        with claim_worker_id(None, tmp_path) as second:
            assert first != second
        with claim_worker_id(None, tmp_path) as third:
            assert third == second


def test_another_data_directory_on_the_same_host_has_other_names(tmp_path: Path) -> None:
    with claim_worker_id(None, tmp_path / "a") as here, claim_worker_id(None, tmp_path / "b") as there:
        assert here != there


def test_kill_9_frees_the_name(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from agents.process.worker_id import claim_worker_id\n"
        "with claim_worker_id(None, pathlib.Path(sys.argv[1])) as name:\n"
        "    print(name, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False
    )
    with claim_worker_id(None, tmp_path) as name:
        assert name == killed.stdout.strip()
