"""Outcomes of reprocessing by fault, for groups of equal errors wherever they are shown."""

from collections.abc import Sequence

from schemas.group import Cure
from storage.database import Connection
from storage.statements import SQL


async def cures_of(connection: Connection, account: str, fingerprints: Sequence[str]) -> dict[str, Cure]:
    """Return the cure of each of these faults; one that nothing was asked for is there too."""
    items: dict[str, dict[str, int]] = {name: {} for name in fingerprints}
    for row in await SQL["count_cures"].fetch(connection, account=account, fingerprints=list(fingerprints)):
        items[row["fingerprint"]][row["state"]] = row["items"]
    return {name: Cure.of(counts) for name, counts in items.items()}
