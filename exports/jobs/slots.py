"""Slots: limits of exports or uploads at once, of one account and in all, for this process only."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from exports.errors import TooManyExports


class Slots:
    """Counter of running exports. Nothing waits: a caller that is refused tries again."""

    def __init__(self, kind: str, per_account: int, in_all: int) -> None:
        """`kind` names them in the sentence that refuses one, in the plural."""
        self._kind = kind
        self._per_account = per_account
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """Number of slots that are taken, in all."""
        return self._taken.total()

    def take(self, account: str) -> None:
        """Take a slot. Raises TooManyExports."""
        if self._taken[account] >= self._per_account:
            raise TooManyExports(
                f"{self._taken[account]} {self._kind} of this account are running: the limit is "
                f"{self._per_account}. Wait for one to end, or cancel it."
            )
        if self._taken.total() >= self._in_all:
            raise TooManyExports(
                f"{self._taken.total()} {self._kind} are running on this server: the limit is "
                f"{self._in_all}. Try again in a while."
            )
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
