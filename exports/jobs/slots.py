"""Slots: limits of exports or uploads at once, of one account and in all, for this process only."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from exports.errors import TooManyExports
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class Limit(NamedTuple):
    """Most that there may be at once, and the reason of what is refused above it."""

    most: int
    refused: ReasonCode

    def check(self, count: int) -> None:
        """Raise TooManyExports unless there may be one more than `count`."""
        if count >= self.most:
            raise TooManyExports(Reason(self.refused, count=count, limit=self.most))


class Slots:
    """Counter of running exports. Nothing waits: a caller that is refused tries again."""

    def __init__(self, per_account: Limit, in_all: Limit) -> None:
        self._per_account = per_account
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """Number of slots that are taken, in all."""
        return self._taken.total()

    def take(self, account: str) -> None:
        """Take a slot. Raises TooManyExports."""
        self._per_account.check(self._taken[account])
        self._in_all.check(self._taken.total())
        self._taken[account] += 1

    def give_back(self, account: str) -> None:
        """Give a slot back."""
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]

    @contextmanager
    def one(self, account: str) -> Iterator[None]:
        """Hold a slot for the time of the block. Raises TooManyExports."""
        self.take(account)
        try:
            yield
        finally:
            self.give_back(account)
