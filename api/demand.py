"""Demands: how many requests of each account are under way or wait, on average of the last seconds."""

import time
from collections.abc import Callable
from math import exp
from typing import Final

#: Time in which what was counted falls to a third, in seconds.
AVERAGE_SECONDS: Final = 2.0
#: An account is there for so long after its last request. A person who reads a page asks again within it.
PRESENT_SECONDS: Final = 10.0
#: Demand of who asks for one thing after the other: never held back.
ONE_AT_A_TIME: Final = 1.0
#: Demand of a flood. A page asks for a handful of things at once, and is over before its average is as high.
FLOOD: Final = 3.0
#: Time after its last request in which others make way for an account's next one, in seconds.
LATELY_SECONDS: Final = 1.0
_HALF: Final = 0.5


class Demand:
    """Demand of one account: an average that forgets exponentially. Times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self.requests = 0
        self.changed_at = now
        self._average = 0.0

    def average(self, now: float) -> float:
        """Return the average of the requests at once. It nears their number as time goes by."""
        return self.requests + (self._average - self.requests) * exp((self.changed_at - now) / AVERAGE_SECONDS)

    def add(self, requests: int, now: float) -> None:
        """Count requests that come; those that end, below zero."""
        self._average = self.average(now)
        self.requests += requests
        self.changed_at = now

    def is_there(self, now: float, seconds: float) -> bool:
        """Return True for an account that asks, or did so in the last `seconds`."""
        return self.requests > 0 or now - self.changed_at < seconds


class Demands:
    """Demands of all accounts that are there."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[str, Demand] = {}
        self._swept_at = clock()

    def add(self, account: str, requests: int) -> None:
        """Count requests that come; those that end, below zero."""
        now = self._clock()
        if account not in self._of:
            self._sweep(now)
            self._of[account] = Demand(now)
        self._of[account].add(requests, now)

    def asks_too_much(self, account: str) -> bool:
        """Return True for an account with a request that wants several at once, beside one that wants half as many.

        Accounts that want about as many share what there is as they come.
        """
        now = self._clock()
        own = self._of[account].average(now)
        if own <= ONE_AT_A_TIME:
            return False
        there = (each for each in self._of.values() if each.is_there(now, PRESENT_SECONDS))
        return any(each.average(now) < own * _HALF for each in there)

    def floods(self, account: str) -> bool:
        """Return True for an account that asks too much, and for many things at once."""
        return self._of[account].average(self._clock()) > FLOOD and self.asks_too_much(account)

    def are_others(self, account: str) -> bool:
        """Return True while any other account asks, or did so a moment ago."""
        now = self._clock()
        return any(name != account and each.is_there(now, LATELY_SECONDS) for name, each in self._of.items())

    def _sweep(self, now: float) -> None:
        """Forget who is not there any more, now and then."""
        if now - self._swept_at >= PRESENT_SECONDS:
            self._swept_at = now
            self._of = {name: each for name, each in self._of.items() if each.is_there(now, PRESENT_SECONDS)}
