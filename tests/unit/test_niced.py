"""A nice process yields to those of every session, leaves them processors, and is the module that it runs."""

import os
import subprocess
import sys

import pytest

from exports.niced import NICENESS
from tests.support.priority import AFFINITY, AUTOGROUP


@pytest.mark.parametrize("code", [0, 3])
def test_a_module_runs_as_by_itself_with_a_lower_priority(code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exports.niced", "tests.support.priority", str(code)],
        capture_output=True,
        check=False,
        text=True,
        start_new_session=True,
    )
    assert (done.returncode, done.stderr) == (code, "")
    processors = sorted(os.sched_getaffinity(0)) if AFFINITY else []
    assert done.stdout.split() == [
        str(min(os.nice(0) + NICENESS, 19)),
        str(NICENESS) if AUTOGROUP.exists() else "none",
        ",".join(map(str, processors[len(processors) // 2 :])) or "all",
    ]
