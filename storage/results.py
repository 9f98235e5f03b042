"""Writer of batches of results: attempts, status logs, names and answers to retries, in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from schemas.policy import Policy
from schemas.result import Result
from storage.database import Connection
from storage.fold import Folded, fold
from storage.names import add_names
from storage.reprocess.writer import record_answers
from storage.sent_aliases import Digests, SentAliases
from storage.staged_fold import fold_staged
from storage.staging import FEWEST
from storage.statements import SQL

CATALOGUE_POLICY: Final = Policy()


class Stored(NamedTuple):
    """Outcome of one batch."""

    #: Results whose id another event has already: the first one counts, and this is a connector's mistake.
    conflicts: list[Result]
    outcomes: list[str]  # the new state of each item that was answered
    aliases: Digests  # that were sent: for SentAliases.keep, once they are committed


async def store(
    connection: Connection,
    results: Sequence[Result],
    policy: Policy = CATALOGUE_POLICY,
    sent: SentAliases | None = None,
    *,
    staged_from: int = FEWEST,
) -> Stored:
    """Write one batch, in the order in which it was delivered. `policy` says when busy retries are tried again.

    Safe to repeat, in any order and mixture: a stored result changes nothing when it comes again.
    All or nothing within the caller's transaction. `sent`: aliases that need not be sent; None for none. `staged_from`:
    the number of results from which on a batch is staged.
    Raises StorageUnavailable, or RowRefused when PostgreSQL refuses some value of the batch, without saying whose.
    """
    received, new_logs = await _fold(connection, results, staged_from)
    aliases = await add_names(connection, received, new_logs, sent or SentAliases(), staged_from)
    answers = [each for each in received if each.correlation_id is not None]
    outcomes = await record_answers(connection, answers, policy) if answers else []
    received_ids = {each.id for each in received}
    conflicts = await _conflicts(connection, results, received_ids) if len(received) < len(results) else []
    if conflicts:
        await SQL["insert_conflicts"].execute(connection, conflicts)
    return Stored(conflicts, outcomes, aliases)


async def _fold(connection: Connection, results: Sequence[Result], staged_from: int) -> Folded:
    """Store a batch by the way for batches as most are, or by the one for any batch."""
    fresh = _first_of_each(results)
    if len(fresh) == len(results) >= staged_from:
        new_logs = await fold_staged(connection, fresh)
        if new_logs is not None:
            return Folded(fresh, new_logs)
    return await fold(connection, fresh, _late(fresh))


async def _conflicts(connection: Connection, results: Sequence[Result], received: Collection[str]) -> list[Result]:
    """Return the results whose id another body has already, each body once. `received` are the ids that were new.

    Only bodies of known ids are compared: sending all bodies of a batch once more costs a third of storing it.
    """
    bodies: defaultdict[str, dict[str, Result]] = defaultdict(dict)
    for each in results:
        bodies[each.id].setdefault(each.body, each)
    earlier = [next(iter(found.values())) for id_, found in bodies.items() if id_ not in received]
    known = {row["result_id"].hex for row in await SQL["find_refused"].fetch(connection, earlier)} if earlier else set()
    suspects = [each for id_ in known for each in bodies[id_].values()]
    conflicts = [each for id_ in received for each in list(bodies[id_].values())[1:]]
    if suspects:
        found = await SQL["find_conflicts"].fetch(connection, suspects, place=range(len(suspects)))
        conflicts += [suspects[row["place"]] for row in found]
    return conflicts


def _first_of_each(results: Sequence[Result]) -> list[Result]:
    """Return results without later copies of the same one: a statement can't change a row twice."""
    once: dict[str, Result] = {}
    for each in results:
        once.setdefault(each.id, each)
    return list(once.values())


def _late(results: Sequence[Result]) -> set[str]:
    """Return the ids of the results of whose entity a newer one came before in the batch."""
    newest: dict[str, bytes] = {}
    late = set()
    for each in results:
        known = newest.get(each.log_id, b"")
        if each.version < known:
            late.add(each.id)
        else:
            newest[each.log_id] = each.version
    return late
