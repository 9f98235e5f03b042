"""The huge pages of Linux. PostgreSQL uses them for its buffers by itself, if there are enough."""

from pathlib import Path
from typing import NamedTuple

_MEMINFO = Path("/proc/meminfo")
#: PostgreSQL's shared memory has more than its buffers: 6,232 MiB with 6,026 of them (measured, PostgreSQL 18).
_MORE_THAN_BUFFERS = 1.04
_FIXED_BYTES = 32 * 1024**2


class HugePages(NamedTuple):
    """The huge pages that the system reserves."""

    pages: int  # used or free
    page_bytes: int

    def wanted(self, buffers_bytes: int) -> int:
        """Estimate how many pages a PostgreSQL with these `shared_buffers` takes."""
        return int((buffers_bytes * _MORE_THAN_BUFFERS + _FIXED_BYTES) / self.page_bytes) + 1


def huge_pages(meminfo: Path = _MEMINFO) -> HugePages | None:
    """Read the system's huge pages. None where there are none: not Linux, or a kernel without them."""
    try:
        fields = dict(line.split(":", 1) for line in meminfo.read_text("utf-8").splitlines())
        return HugePages(int(fields["HugePages_Total"]), int(fields["Hugepagesize"].split()[0]) * 1024)
    except (OSError, KeyError):
        return None
