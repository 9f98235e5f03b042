"""PostgreSQL's settings as the text of a postgresql.conf. Pure: values in, text out."""

from embedded.ports import LOOPBACK

MIB = 1024 * 1024


def postgresql_conf(*, port: int, memory_bytes: int, durable: bool) -> str:
    """Settings for one machine of `memory_bytes`. Without `durable` a crash of the *machine* may destroy the data.

    No lz4: the wheel's server is built without it.
    """
    # Ingest into 1,000,000 logs kept 0.69 of its speed on empty tables with 512 MB, and 0.76 with 2 GB.
    shared_mib = max(32, min(2048, memory_bytes // MIB // 8))
    values = {
        "listen_addresses": f"'{LOOPBACK}'",
        "port": port,
        "unix_socket_directories": "''",  # their paths end at about 107 bytes, a data directory's don't
        "password_encryption": "scram-sha-256",
        "max_connections": 200,
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(64, memory_bytes // MIB // 2)}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
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
