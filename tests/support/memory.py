"""Files of the tests in memory: making a database takes 15 ms there, and 200 ms on a disk that the tests share."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - tests only: each run makes directories of its own there
#: Bytes of memory that must be free. A run of the whole suite keeps 3 GB of files, and its processes take 4 GB.
_ENOUGH: Final = 12 * 1024**3


def keep_files_in_memory() -> None:
    """Let this process and its children make their temporary files in memory, where there is enough, and unless
    TMPDIR says where.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    if min(shutil.disk_usage(_MEMORY).free, _available()) >= _ENOUGH:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # which would be where it was


def _available() -> int:
    """Return the bytes of memory that processes may still take; 0 where the system doesn't say so."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return 0
    found = next((each for each in lines if each.startswith("MemAvailable:")), "")
    return int(found.split()[1]) * 1024 if found else 0
