"""A process that yields to all others: `python -m exports.niced MODULE [ARGUMENT…]` runs a module of Python in one.

It is nice before the module's imports, which take a second. Start it in a session of its own.
"""

import os
import runpy
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Niceness that is added: it has a tenth of the processor that others want too.
NICENESS: Final = 10
#: Linux shares processors between sessions before it looks at the niceness of their processes, where this file is
#: (autogroups, sched(7)): a nice process would take the time of its session, and keep the others of it waiting.
_OF_SESSION: Final = Path("/proc/self/autogroup")


def yield_to_others() -> None:
    """Lower the priority of this process and of its session, and leave it half of the processors.

    Where a session has no priority, that of the process counts. Linux lets even a nice process go on for milliseconds
    when another one wakes up: that goes on a processor on which there is none.
    """
    os.nice(NICENESS)
    with suppress(AttributeError, OSError):  # only Linux has it
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[len(processors) // 2 :])
    with suppress(OSError):
        _OF_SESSION.write_text(str(NICENESS), "ascii")


def main() -> None:
    """Run the module that the arguments name, as Python's `-m` does. Its exit code is that of the process."""
    yield_to_others()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
