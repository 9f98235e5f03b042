"""Writer of batches of results: attempts, status logs, names and answers to retries, in one transaction."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from schemas.fault import Fault
from schemas.policy import Policy
from schemas.result import Result
from schemas.search.names import grams, joined
from storage.constants import FAULT_MESSAGE_CHARACTERS
from storage.database import Connection
from storage.reprocess.writer import record_answers
from storage.statements import SQL, array, text_array

#: Fields that only a result with faults has.
_OF_FAILED: Final = ("code", "category", "fingerprint", "errors")
#: Columns of the faults beside the gravest, and the field of a fault that each has.
_OTHERS: Final = {"other_codes": "code", "other_categories": "category", "other_fingerprints": "fingerprint"}
CATALOGUE_POLICY: Final = Policy()


class Stored(NamedTuple):
    """Outcome of one batch."""

    #: Results whose id another event has already: the first one counts, and this is a connector's mistake.
    conflicts: list[Result]
    outcomes: list[str]  # the new state of each item that was answered


async def store(connection: Connection, results: Sequence[Result], policy: Policy = CATALOGUE_POLICY) -> Stored:
    """Write one batch, in the order in which it was delivered. `policy` says when busy retries are tried again.

    Safe to repeat, in any order and mixture: a stored result changes nothing when it comes again.
    All or nothing within the caller's transaction. Raises StorageUnavailable, or RowRefused when PostgreSQL
    refuses some value of the batch, without saying whose.
    """
    fresh = _first_of_each(results)
    late = _late(fresh)
    # What only results with faults have is sent for those alone: see the statement.
    ordered = sorted(fresh, key=lambda each: len(each.faults), reverse=True)
    folded = await SQL["fold"].fetchrow(
        connection,
        ordered,
        late=[each.id in late for each in ordered],
        words=[each.words and array(each.words) for each in ordered],
        alterations=[each.alterations for each in ordered] if any(each.altered for each in ordered) else [],
        **_about_faults(ordered),
    )
    # Nothing else of a result that the fold left out is stored either: it may be erased.
    received_ids = {each.hex for each in folded["received"]}
    received = [each for each in fresh if each.id in received_ids]
    await _add_names(connection, received, folded["new_logs"])
    answers = [each for each in received if each.correlation_id is not None]
    outcomes = await record_answers(connection, answers, policy) if answers else []
    conflicts = await _conflicts(connection, results, received_ids) if len(received) < len(results) else []
    if conflicts:
        await SQL["insert_conflicts"].execute(connection, conflicts)
    return Stored(conflicts, outcomes)


def _about_faults(ordered: Sequence[Result]) -> dict[str, list[Any]]:
    """Return the arguments of the fold that are about faults. `ordered`: results with more faults come first."""
    failed = [each for each in ordered if each.faults]
    several = [each.faults for each in failed if len(each.faults) > 1]
    faults = [(each.id, fault) for each in failed for fault in each.faults]
    return {
        **{name: [getattr(each, name) for each in failed] for name in _OF_FAILED},
        **{column: [_others(each, field) for each in several] for column, field in _OTHERS.items()},
        "fault_result_id": [result_id for result_id, _fault in faults],
        "fault_fingerprint": [fault.fingerprint for _id, fault in faults],
        "fault_code": [fault.code for _id, fault in faults],
        "fault_category": [fault.category for _id, fault in faults],
        "fault_message": [fault.message and fault.message[:FAULT_MESSAGE_CHARACTERS] for _id, fault in faults],
    }


def _others(faults: Sequence[Fault], field: str) -> str | None:
    """Return the array of the values of a field that the first fault lacks, sorted, each once; None for none."""
    gravest, *others = (getattr(each, field) for each in faults)
    values = sorted({each for each in others if each is not None and each != gravest})
    return text_array(values) if values else None


async def _add_names(connection: Connection, received: Sequence[Result], new_logs: Collection[uuid.UUID]) -> None:
    """Write the aliases that are not known yet, and make them and the keys of new logs found."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    logs = {each.log_id: each for each in received}
    for log_id in new_logs:
        names[log_id.hex].append(logs[log_id.hex].key)
    aliases = [(each, name, value) for each in received for name, value in each.aliases.items()]
    if aliases:
        named, kinds, values = zip(*aliases, strict=True)
        for row in await SQL["add_aliases"].fetch(connection, named, name=kinds, value=values):
            names[row["log_id"].hex].append(row["value"])
    texts = {log_id: text for log_id, each in names.items() if (text := joined(each))}
    if texts:
        owners = [logs[log_id] for log_id in texts]
        of_each = zip(owners, texts.values(), strict=True)
        numbers = [array(grams(log.account, log.integration_type, text)) for log, text in of_each]
        await SQL["add_names"].execute(connection, owners, names=list(texts.values()), grams=numbers)


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
