"""Reader of the states of many accounts at once, for who may see all of them."""

from collections.abc import Sequence

from schemas.account_state import AccountState, worst_first
from storage.database import Database
from storage.statements import SQL


async def read_account_states(writer: Database, accounts: Sequence[str]) -> list[AccountState]:
    """Return the states of these accounts, worst first."""
    async with writer.connection() as connection:
        rows = await SQL["account_states"].fetch(connection, accounts=list(accounts))
    return worst_first(AccountState(**row) for row in rows)
