"""State of many accounts at once, for who may see all of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from storage.database import Database
from storage.statements import SQL


class AccountState(NamedTuple):
    """The state of an account at this moment."""

    account: str
    results: int  # in the last hour
    failures: int  # of them
    usual: float  # failures in an hour, of the day before
    incidents: int  # that are not over
    critical: bool  # one of them is
    paused: list[str]  # affiliates, of some type at least
    last_at: datetime | None  # when a result came last

    @property
    def excess(self) -> float:
        """Failures beyond the usual ones; 0 when there are no more than usually."""
        return max(self.failures - self.usual, 0.0)


async def read_account_states(writer: Database, accounts: Sequence[str]) -> list[AccountState]:
    """Return the states of these accounts, worst first: critical incidents, others, failures beyond the usual ones."""
    async with writer.connection() as connection:
        rows = await SQL["account_states"].fetch(connection, accounts=list(accounts))
    return worst_first(AccountState(**row) for row in rows)


def worst_first(states: Iterable[AccountState]) -> list[AccountState]:
    """Return states in the order in which somebody should look at them."""
    return sorted(
        states, key=lambda each: (not each.critical, -each.incidents, -each.excess, -each.failures, each.account)
    )
