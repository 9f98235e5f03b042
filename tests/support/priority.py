"""`python -m tests.support.priority CODE`: prints niceness, that of its session, and processors; exits with CODE."""

import os
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
#: A process may be kept to some processors: on Linux only.
AFFINITY = hasattr(os, "sched_getaffinity")

if __name__ == "__main__":
    of_session = AUTOGROUP.read_text("ascii").split()[-1] if AUTOGROUP.exists() else "none"
    processors = ",".join(map(str, sorted(os.sched_getaffinity(0)))) if AFFINITY else "all"
    sys.stdout.write(f"{os.nice(0)} {of_session} {processors}\n")
    sys.exit(int(sys.argv[1]))
