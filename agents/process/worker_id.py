"""A stable name for this process: its successor has it again, and Kafka gives it the same partitions at once."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import count
from pathlib import Path


@contextmanager
def claim_worker_id(given: str | None, data_dir: Path) -> Iterator[str]:
    """`given`, or the names of host and data directory with the lowest slot that no running process of them has.

    The directory is part of the name: two processes of one name would throw each other out of the group for ever.
    The kernel frees a slot when its process ends, however it ends.
    """
    if given is not None:
        yield given
        return
    slots = data_dir / "workers"
    slots.mkdir(parents=True, exist_ok=True)
    for slot in count(1):
        with (slots / f"{slot}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            directory = blake2b(str(data_dir.resolve()).encode(), digest_size=4).hexdigest()
            yield f"{socket.gethostname()}-{directory}-{slot}"
            return
