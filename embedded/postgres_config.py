"""PostgreSQL's settings as the text of a postgresql.conf. Pure: values in, text out."""

from typing import NamedTuple

from embedded.ports import LOOPBACK

MIB = 1024 * 1024


class Disk(NamedTuple):
    """Bytes of the disk of the data."""

    free: int
    data: int  # PostgreSQL has already, its log included
    log: int  # of these, its log


def buffers_mib(memory_bytes: int) -> int:
    """PostgreSQL's own cache, of a machine with so much memory.

    What a database that has outgrown it costs, as results a second into 10,000,000 logs with a quarter of 24 GiB and
    16 GB of log 8,100; 2 GB and 16 GB 7,000; 2 GB and 4 GB 4,900.
    """
    return max(32, min(6144, memory_bytes // MIB // 4))


def postgresql_conf(*, port: int, memory_bytes: int, disk: Disk, durable: bool) -> str:
    """Settings for one machine with so much memory, and such a disk.

    Without `durable` a crash of the *machine* may destroy the data. No lz4: the wheel's server is built without it.
    """
    # Each page is logged whole when it is first written after a checkpoint: three pages a result at first, two thirds
    # of one when 10 GB have been logged.
    wal_mib = max(1024, min(16384, (disk.free + disk.data) // MIB // 4, (disk.free + disk.log) // MIB // 2))
    values = {
        "listen_addresses": f"'{LOOPBACK}'",
        "port": port,
        "unix_socket_directories": "''",  # their paths end at about 107 bytes, a data directory's don't
        "password_encryption": "scram-sha-256",
        "max_connections": 200,
        "shared_buffers": f"{buffers_mib(memory_bytes)}MB",
        "effective_cache_size": f"{max(64, memory_bytes // MIB // 2)}MB",
        "max_wal_size": f"{wal_mib}MB",
        "checkpoint_timeout": "30min",
        "jit": "off",  # short statements only; compiling them costs more than it saves
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "datestyle": "'iso, ymd'",
        "default_text_search_config": "'pg_catalog.simple'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_checkpoints": "off",
    }
    if not durable:
        values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return (
        "# Written anew at each start by conexoes. Put settings of your own into local.conf beside this file.\n"
        + "".join(f"{name} = {value}\n" for name, value in values.items())
        + "include_if_exists = 'local.conf'\n"
    )
