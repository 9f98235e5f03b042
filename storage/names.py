"""Writer of the names of logs: their aliases as they were sent, and what makes them and their keys found."""

import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple

import orjson

from schemas.result import Result
from schemas.search.names import grams, joined
from storage import staging
from storage.copy_format import copied, integer_arrays
from storage.database import Connection
from storage.joins import one_by_one
from storage.sent_aliases import Digests, SentAliases, digests_of
from storage.staging import FEWEST
from storage.statements import SQL

#: Logs whose aliases one transaction moves.
_MOVED: Final = 500


class Named(NamedTuple):
    """New names of one log."""

    account: str
    integration_type: str
    log_id: str  # hexadecimal, without hyphens
    names: list[str]  # its key where the log is new, and the values of aliases
    aliases: dict[str, list[str]]

    def add(self, name: str, value: str) -> None:
        """Add an alias, once."""
        values = self.aliases.get(name)
        if values is None:
            self.aliases[name] = [value]
        elif value in values:
            return
        else:
            values.append(value)
        self.names.append(value)


async def add_names(
    connection: Connection,
    received: Sequence[Result],
    new_logs: Collection[uuid.UUID],
    sent: SentAliases,
    staged_from: int,
) -> Digests:
    """Write the keys of new logs, and the aliases that are not known yet. Returns what was sent of these.

    The transaction has locked all logs of `received`, so that nobody else gives them names. `staged_from`: as of
    `write_names`.
    """
    logs = {each.log_id: each for each in received}
    named: dict[str, Named] = {}
    for new in new_logs:
        log = logs[new.hex]
        named[log.log_id] = Named(log.account, log.integration_type, log.log_id, [log.key], {})
    unsent = sent.unsent(received, named)
    known = []
    for each in unsent:
        of_log = named.get(each.log_id)
        for name, value in each.aliases.items():
            if of_log is not None:
                of_log.add(name, value)
            else:
                known.append((each.log_id, name, value))
    if known:
        ids, names, values = zip(*known, strict=True)
        for row in await SQL["unknown_aliases"].fetch(connection, log_id=ids, name=names, value=values):
            log = logs[row["log_id"].hex]
            of_log = named.setdefault(log.log_id, Named(log.account, log.integration_type, log.log_id, [], {}))
            of_log.add(row["name"], row["value"])
    if named:
        await write_names(connection, list(named.values()), staged_from)
    return digests_of(unsent)


async def write_names(connection: Connection, logs: Sequence[Named], staged_from: int = FEWEST) -> None:
    """Write new names of logs, each log once. `staged_from`: the number of logs from which on they are staged."""
    texts = [joined(each.names) for each in logs]
    numbers = [grams(each.account, each.integration_type, text) for each, text in zip(logs, texts, strict=True)]
    if len(logs) >= staged_from and await SQL["may_stage"].fetchval(connection):
        await _write_staged(connection, _rows(logs, texts, numbers))
        return
    lasts = list(accumulate(map(len, numbers)))
    await SQL["add_names"].execute(
        connection,
        logs,
        names=texts,
        grams=list(chain.from_iterable(numbers)),
        first=[last - len(each) + 1 for last, each in zip(lasts, numbers, strict=True)],
        last=lasts,
        aliases=[orjson.dumps(each.aliases).decode() for each in logs],
    )


def _rows(logs: Sequence[Named], texts: Sequence[str], numbers: Sequence[Collection[int]]) -> Iterator[Sequence[bytes]]:
    """Yield the rows of the staging table, in the order of its columns."""
    for log, text, array in zip(logs, texts, integer_arrays(numbers), strict=True):
        yield (
            log.account.encode(),
            bytes.fromhex(log.log_id),
            log.integration_type.encode(),
            text.encode(),
            array,
            orjson.dumps(log.aliases),
        )


async def _write_staged(connection: Connection, rows: Iterable[Sequence[bytes]]) -> None:
    await SQL["stage_names"].execute(connection)
    await connection.copy_to_table(
        staging.NAMES.name,
        schema_name="pg_temp",
        columns=list(staging.NAMES.columns),
        source=_pieces(copied(rows)),
        format="binary",
    )
    async with one_by_one(connection):
        await SQL["add_staged_names"].execute(connection)


async def _pieces(data: Iterable[bytes]) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def move_aliases(connection: Connection) -> bool:
    """Move aliases of some logs of an earlier version to their names. Returns True when there may be more."""
    return bool(await SQL["move_aliases"].fetchval(connection, most=_MOVED))
