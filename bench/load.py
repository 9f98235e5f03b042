"""`python -m bench.load`: a database as large as wanted, for measuring reads and ingest on it.

Takes an empty, migrated database by URL, or starts the embedded one in a data directory and migrates it.
Ctrl-C leaves it empty again.
"""

import argparse
import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from bench.loader.load import Load, NotEmptyError, load
from bench.say import say
from embedded.ports import free_port
from embedded.system import EmbeddedSystem
from storage.migrate import migrate


async def _run(wanted: Load, url: str | None, data_dir: Path | None) -> None:
    if data_dir is None:
        await load(str(url), wanted)
        return
    # It need not be durable: a load that a crash of the machine destroys is made again.
    async with EmbeddedSystem(data_dir, kafka_port=free_port(), kafka=False, durable=False) as system:
        await migrate(system.database_url, 90)
        await load(system.database_url, wanted)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--logs", type=int, default=1_000_000)
    parser.add_argument("--attempts", type=int, default=Load.attempts, help="of each log, on average")
    parser.add_argument("--accounts", type=int, default=Load.accounts)
    parser.add_argument("--seed", type=int, default=Load.seed)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--database-url", help="of the schema's owner")
    where.add_argument("--data-dir", type=Path, help="start the embedded PostgreSQL there")
    given = parser.parse_args()
    wanted = Load(logs=given.logs, attempts=given.attempts, accounts=given.accounts, seed=given.seed)
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(_run(wanted, given.database_url, given.data_dir))
    except NotEmptyError as exc:
        say(f"bench: {exc}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped; the database is empty")
        sys.exit(130)


if __name__ == "__main__":
    main()
