"""State of an account beside others, for who may see several, and the order in which somebody should look at them."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


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


def worst_first(states: Iterable[AccountState]) -> list[AccountState]:
    """Return states with critical incidents first, then those with others, then by failures beyond the usual ones."""
    return sorted(
        states, key=lambda each: (not each.critical, -each.incidents, -each.excess, -each.failures, each.account)
    )
