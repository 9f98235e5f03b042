"""Aliases that this process has written, so that they are not sent again with each result of their log."""

import time
from collections.abc import Collection, Mapping, Sequence

from schemas.result import Result

#: Seconds after which all are sent once more: another worker may have made a log anew that was erased, without them.
LAPSE_SECONDS = 600.0
#: Limit of logs that are remembered: some 130 bytes each.
MOST = 125_000

#: Hashes of the aliases that were sent last of each log, by the number that its id is. Two sets of aliases of one log
#: have the same with a probability of 2^-64.
Digests = Mapping[int, int]


class SentAliases:
    """The aliases of each log that were committed last. Two writers may share it.

    What it says holds as long as the logs that it knows are there: of a log that a batch makes anew, by `new_logs`, all
    aliases are sent. It must be emptied when logs may be gone unseen: another worker had the partition, or a connection
    was lost and the next may be to a database that was restored.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._digests: dict[int, int] = {}
        self._connections = 0
        self._since = time.monotonic()

    def unsent(self, results: Sequence[Result], new_logs: Collection[str]) -> list[Result]:
        """Return those of `results` with aliases that are not known to be stored. `new_logs`: ids."""
        known = self._digests
        return [
            each
            for each in results
            if each.aliases and (each.log_id in new_logs or known.get(int(each.log_id, 16)) != _digest(each.aliases))
        ]

    def keep(self, digests: Digests) -> None:
        """Remember what a transaction has sent, once it is committed."""
        if len(self._digests) + len(digests) > self._most or time.monotonic() - self._since > LAPSE_SECONDS:
            self.forget()
        self._digests.update(digests)

    def forget(self) -> None:
        """Remember nothing."""
        self._digests = {}
        self._since = time.monotonic()

    def at(self, connections: int) -> None:
        """Forget all if this number is not that of the last call: `connections` were made to the database so far."""
        if connections != self._connections:
            self._connections = connections
            self.forget()


def digests_of(results: Sequence[Result]) -> Digests:
    """Return what `keep` takes of results whose aliases were sent."""
    return {int(each.log_id, 16): _digest(each.aliases) for each in results}


def _digest(aliases: Mapping[str, str]) -> int:
    return hash(tuple(aliases.items()))
