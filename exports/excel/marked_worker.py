"""The process that reads one returned workbook, behind everything else on the machine: `python -m exports.niced
exports.excel.marked_worker FILE CPU_SECONDS`.

The file can be anyone's, and its parser is not ours: in this process it can use up neither memory nor time of a server.
Standard output is a READING as JSON; the exit code is 0 when there is one. Started by `exports.excel.marked_process`.
"""

import resource
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from exports.excel.marked import Marked, WorkbookRefused, read_marked

#: Limit of address space. It holds the parser with a file of exports.excel.marked.MAX_UNPACKED_BYTES.
MAX_MEMORY_BYTES = 2 * 1024**3


class Refused(BaseModel):
    """The refusal of the workbook."""

    model_config = ConfigDict(frozen=True)

    reason: str  # as JSON: schemas.reasons.reason.Reason.to_json


#: The output of this process.
READING: TypeAdapter[Marked | Refused] = TypeAdapter(Marked | Refused)


def reading_of(path: Path) -> Marked | Refused:
    """Read the file at `path`, whatever is in it."""
    try:
        return read_marked(path)
    except WorkbookRefused as exc:
        return Refused(reason=exc.reason.to_json())


def main(path: str, cpu_seconds: str) -> int:
    """Read the file within limits. Returns the exit code; the kernel ends a process that takes too long."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(READING.dump_json(reading_of(Path(path))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
