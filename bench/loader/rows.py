"""The rows of some logs of one account, as they are staged for `sql/fill.sql`. Pure."""

import random
import zlib
from typing import Any, NamedTuple

import orjson

from bench.loader.population import Account, Entity
from connectors.simulator.marketplace import Fault
from connectors.simulator.marketplaces import faults_of
from schemas.fingerprint import fingerprint
from schemas.identity import log_id, result_id
from schemas.search.names import grams, joined
from schemas.search.words import word_numbers
from storage.statements import array

ERROR_SHARE = 0.12
#: Shares of failures among the earlier attempts of a log whose last one failed, and of any other log.
FAILED_BEFORE_SHARE, FAILED_ONCE_SHARE = 0.7, 0.05
LATE_SHARE = 0.03
SPAN_US = 90 * 86_400 * 1_000_000  # the greatest age of a log
#: The age of a log is the span times a random number to this power: half of all are from the last 11 days.
_RECENT_POWER = 3
_SAFETY_US = 60 * 1_000_000  # so that the oldest attempt is within the span for as long as loading takes


class Staged(NamedTuple):
    """Rows for the staging tables of `sql/stage.sql`, in the order of their columns."""

    logs: list[tuple[Any, ...]]
    attempts: list[tuple[Any, ...]]
    names: list[tuple[str, str, str, str, list[int], str]]  # rows of log_names


def stage(account: Account, start: int, stop: int, *, attempts: int, seed: int, now_us: int) -> Staged:
    """Logs `start` to `stop` of `account`, with `attempts` attempts each on average (1 to 2 × attempts - 1).

    `now_us` is microseconds since 1970; the newest log is about that old.
    """
    draw = random.Random(f"{seed}/{account.name}/{start}").random
    staged = Staged([], [], [])
    spread = 2 * attempts - 1
    for index in range(start, stop):
        entity = account.entity(index)
        log = log_id(*entity)
        source = f"/connectors/{entity.affiliate.lower()}"
        count = 1 + (index + index // spread) % spread
        last_failed = draw() < ERROR_SHARE
        share = FAILED_BEFORE_SHARE if last_failed else FAILED_ONCE_SHARE
        failed = [draw() < share for _ in range(count - 1)] + [last_failed]
        age = int((SPAN_US - _SAFETY_US) * draw() ** _RECENT_POWER)
        before = int((SPAN_US - _SAFETY_US - age) * draw()) // count  # from one attempt to the next
        for number in range(count):
            last = number == count - 1
            event = f"l{seed}-{index:x}-{number}"
            staged.attempts.append(
                (
                    index,
                    result_id(entity.account, source, event),
                    event,
                    now_us - age - before * (count - 1 - number),
                    failed[number],
                    not last and draw() < LATE_SHARE,
                    number == 0,
                    last,
                )
            )
        aliases = entity.aliases
        names = joined((entity.key, *aliases.values()))
        numbers = grams(entity.account, entity.integration_type, names)
        said = orjson.dumps({name: [value] for name, value in aliases.items()}).decode()
        staged.names.append((log, entity.account, entity.integration_type, names, numbers, said))
        fault = _fault(entity, index) if any(failed) else None
        rest = orjson.dumps(_data(entity, index, aliases)).decode()
        staged.logs.append((index, *entity, log, source, count, *_told(entity, fault, index), rest))
    return staged


def _told(entity: Entity, fault: Fault | None, number: int) -> tuple[str | None, ...]:
    """Make the outcome of a failed attempt: status, code, category, message, fingerprint, errors as JSON, words."""
    if fault is None:
        return (None, None, None, None, None, None, None)
    problem = fault.gravest
    message, error = problem.text(number, entity.key), problem.error(number, entity.key)
    words = word_numbers(entity.account, entity.integration_type, (message,))
    named = fingerprint(entity.integration_type, entity.affiliate, problem.code, message, entity.key)
    errors = orjson.dumps([error]).decode()
    return (fault.status, problem.code, problem.category, message, named, errors, array(words) if words else None)


def _fault(entity: Entity, index: int) -> Fault:
    faults = faults_of(entity.integration_type, entity.affiliate)
    return faults[zlib.crc32(b"%d" % index) % len(faults)]


def _data(entity: Entity, number: int, aliases: dict[str, str]) -> dict[str, Any]:
    """The fields of `data` that all attempts of a log have alike; `sql/fill.sql` adds the others."""
    return {
        "account": entity.account,
        "affiliate": entity.affiliate,
        "key": entity.key,
        "operation": f"update-{entity.integration_type}",
        "request": {"item": entity.key, "value": number % 9973},
        "aliases": aliases,
    }
