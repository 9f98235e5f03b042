"""Sign-in: links that work once, and the list of accounts."""

from storage.database import Database
from storage.statements import SQL

MAX_ACCOUNTS = 500


async def use_link(writer: Database, nonce: bytes) -> bool:
    """Use the sign-in link with this nonce. Returns True the first time, False ever after."""
    async with writer.connection() as connection:
        return await SQL["use_sign_in_link"].fetchval(connection, nonce=nonce) is not None


async def has_account(database: Database, account: str) -> bool:
    """Return True when a result of this account was ever stored."""
    async with database.reading(account) as connection:
        found: bool = await SQL["has_account"].fetchval(connection, account=account)
        return found


async def list_accounts(writer: Database) -> list[str]:
    """Return the first MAX_ACCOUNTS accounts with a status log, by name. Only for keys of every account."""
    async with writer.connection() as connection:
        return [row["account"] for row in await SQL["list_accounts"].fetch(connection, limit=MAX_ACCOUNTS)]
