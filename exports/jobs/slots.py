"""How many exports may run at once, of one account and in all. In this process only."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from exports.errors import TooManyExports
from exports.settings import ExportSettings


class Slots:
    """Counts what runs. Nothing waits: a caller who is told no comes again."""

    def __init__(self, settings: ExportSettings) -> None:
        self._settings = settings
        self._taken: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """How many are taken, in all."""
        return self._taken.total()

    def take(self, account: str) -> None:
        """Count one more. Raises TooManyExports."""
        if self._taken[account] >= self._settings.exports_per_account:
            raise TooManyExports(
                f"{self._taken[account]} exports of this account are running: the limit is "
                f"{self._settings.exports_per_account}. Wait for one to end, or cancel it."
            )
        if self._taken.total() >= self._settings.exports_in_all:
            raise TooManyExports(
                f"{self._taken.total()} exports are running on this server: the limit is "
                f"{self._settings.exports_in_all}. Try again in a while."
            )
        self._taken[account] += 1

    def give_back(self, account: str) -> None:
        """Count one less."""
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]

    @contextmanager
    def one(self, account: str) -> Iterator[None]:
        """A slot for the time of the block. Raises TooManyExports."""
        self.take(account)
        try:
            yield
        finally:
            self.give_back(account)
