"""PostgreSQL's settings as the text of a postgresql.conf. Pure: values in, text out."""

from typing import NamedTuple

from embedded.ports import LOOPBACK

MIB = 1024 * 1024
#: Settings without which the log has values of a statement, or of the row that an error is about: people's data.
#: Errors of statements are told to who sent them, who logs them without values.
LOG_WITHOUT_VALUES = {
    "log_min_messages": "fatal",
    "log_statement": "none",
    "log_min_duration_statement": -1,
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
}


class Disk(NamedTuple):
    """The disk that holds the data, in bytes."""

    free: int
    data: int  # that PostgreSQL uses already, its log included
    log: int  # of these, its log


def buffers_mib(memory_bytes: int) -> int:
    """Compute `shared_buffers` for a machine with this much memory.

    It matters when the database is larger. Results stored per second, among 10,000,000 logs: 8,100 with a quarter of
    24 GiB as buffers and 16 GB of write-ahead log; 7,000 with 2 GB and 16 GB; 4,900 with 2 GB and 4 GB.
    """
    return max(32, min(6144, memory_bytes // MIB // 4))


def postgresql_conf(*, port: int, memory_bytes: int, disk: Disk, durable: bool) -> str:
    """Make the settings for a machine with this much memory and this disk.

    Without `durable`, a crash of the *machine* may destroy the data. No lz4: the wheel's server is built without it.
    """
    # The first write of a page after a checkpoint logs the whole page: three pages per result at first, two thirds of
    # one after 10 GB of log.
    wal_mib = max(1024, min(16384, (disk.free + disk.data) // MIB // 4, (disk.free + disk.log) // MIB // 2))
    values = {
        "listen_addresses": f"'{LOOPBACK}'",
        "port": port,
        "unix_socket_directories": "''",  # a socket's path ends at about 107 bytes, a data directory's does not
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
        **LOG_WITHOUT_VALUES,
    }
    if not durable:
        values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # Dropping a database looks through all buffers, and tests drop thousands of small ones.
        values |= {"shared_buffers": "256MB", "max_wal_size": "1024MB"}
    return (
        "# Written anew at each start by conexoes. Put settings of your own into local.conf beside this file.\n"
        + "".join(f"{name} = {value}\n" for name, value in values.items())
        + "include_if_exists = 'local.conf'\n"
    )
