"""`python -m tests.support.priority CODE`: prints its niceness and that of its session, and exits with CODE."""

import os
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")

if __name__ == "__main__":
    of_session = AUTOGROUP.read_text("ascii").split()[-1] if AUTOGROUP.exists() else "none"
    sys.stdout.write(f"{os.nice(0)} {of_session}\n")
    sys.exit(int(sys.argv[1]))
