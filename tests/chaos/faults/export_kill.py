"""`conexoes export` is killed with SIGKILL while it makes a file.

A file that is not whole is not left under its name.
"""

import asyncio
import random
from contextlib import suppress

from embedded.ports import LOOPBACK
from schemas.catalogue import CATALOGUE
from tests.chaos.load.load import ACCOUNTS, Load
from tests.chaos.system import System
from tests.support.processes import start
from tests.support.proxy import through


async def do(system: System, load: Load, draw: random.Random) -> None:
    path = system.directory / "exports" / "killed.csv"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    ways = system.machines[-1]
    settings = {
        "DATABASE_URL": through(ways.postgres, system.url),
        "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{ways.kafka.port}",
        "DATA_DIR": str(system.directory / "exports"),
    }
    options = ["--account", draw.choice(ACCOUNTS), "--type", draw.choice(CATALOGUE).name, "--out", str(path)]
    process = await start("export", *options, log=system.directory / "export.log", settings=settings)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), draw.uniform(0.5, 4))
    with suppress(ProcessLookupError):
        process.kill()
    code = await process.wait()
    if path.exists() and code != 0 and not path.read_bytes().endswith(b"\n"):
        load.complaints.append(f"conexoes export ended with {code} and left a part of {path}")
