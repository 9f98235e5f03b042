"""The records that contestants read: made once, sent any number of times."""

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bench.loader.population import Entity
from broker.publisher import Record
from conexoes_connector.result_event import result_record
from connectors.simulator.marketplaces import faults_of
from connectors.simulator.plan import SOURCE, fault_of, outcome_data
from connectors.simulator.settings import SimulatorSettings
from schemas.envelope import BATCH, STRUCTURED
from schemas.identity import result_id
from schemas.timestamp import to_text
from schemas.topics import Topics

#: Entities of each affiliate; with five affiliates every entity has one or two results in 100,000.
ENTITIES = 20_000
#: One simulated result in this many is the only one of its entity: these show a contestant's progress.
ONCE_EVERY = 250
ERROR_SHARE = 0.12
BATCH_EVENTS = 1000
_NO_PREFIX = Topics(prefix="")


class Event(NamedTuple):
    """One result, and how to find it once it is stored."""

    integration_type: str
    record: Record  # its topic is ignored: the measurement decides where it is sent
    account: str
    result_id: str
    results: int = 1  # results in the record; this is the last of them


def simulated(count: int, integration_type: str) -> list[Event]:
    """`count` results of one type of the simulator's account, none malformed, none twice: about 550 bytes each."""
    settings = SimulatorSettings()
    draw = random.Random(settings.seed)
    entities = (
        Entity(
            settings.account,
            integration_type,
            draw.choice(settings.affiliates),
            f"SKU-{draw.randrange(ENTITIES):05}" if number % ONCE_EVERY else f"SKU-once-{number:08}",
        )
        for number in range(count)
    )
    return list(about(entities, "bench"))


def about(entities: Iterable[Entity], run: str) -> Iterator[Event]:
    """A new result of each of `entities`. `run` makes its ids differ from those of other runs."""
    draw = random.Random(run)
    for number, entity in enumerate(entities):
        account, integration_type, affiliate, key = entity
        fault = fault_of(integration_type, affiliate, key) if draw.random() < ERROR_SHARE else None
        now = datetime.now(UTC)
        data = outcome_data(integration_type, affiliate, key, fault, number)
        data |= {"account": account, "affiliate": affiliate, "key": key, "aliases": entity.aliases}
        data["processed_at"] = to_text(now)
        event_id = f"{run}-{number}"
        record = result_record(_NO_PREFIX, integration_type, data, source=SOURCE, event_id=event_id, time=now)
        yield _event(integration_type, record)


def _event(integration_type: str, record: Record) -> Event:
    headers = dict(record.headers)
    account = (record.key or b"").split(b"/")[0].decode()
    named = result_id(account, _text(headers["ce_source"]), _text(headers["ce_id"]))
    return Event(integration_type, record, account, named)


def partitioned(events: Sequence[Event], partitions: int) -> list[list[Event]]:
    """Assign records to partitions by key, so that an entity keeps its order."""
    lists: list[list[Event]] = [[] for _ in range(partitions)]
    for each in events:
        lists[zlib.crc32(each.record.key or b"") % partitions].append(each)
    return lists


def as_json_batches(events: Sequence[Event], size: int = BATCH_EVENTS) -> list[Event]:
    """Pack the results into records of `size`. Each record has the id of its last result."""
    batches = []
    for start in range(0, len(events), size):
        inside = events[start : start + size]
        value = json.dumps([_structured(each.record) for each in inside], ensure_ascii=False, separators=(",", ":"))
        record = Record("", None, value.encode(), [("content-type", BATCH.encode())])
        batches.append(inside[-1]._replace(record=record, results=len(inside)))
    return batches


def as_structured(event: Event) -> Event:
    """Return the same result in structured mode."""
    value = json.dumps(_structured(event.record), ensure_ascii=False, separators=(",", ":")).encode()
    headers = [("content-type", STRUCTURED.encode())]
    return event._replace(record=event.record._replace(value=value, headers=headers))


def with_more_errors(events: Sequence[Event]) -> list[Event]:
    """Return the same results; each of those that list an error lists up to three others of its marketplace too."""
    draw = random.Random(len(events))
    return [_with_more_errors(each, draw) for each in events]


def _with_more_errors(event: Event, draw: random.Random) -> Event:
    data = json.loads(event.record.value or b"{}")
    if not data.get("errors"):
        return event
    faults = faults_of(event.integration_type, data["affiliate"])
    more = [draw.choice(faults).errors(draw.randrange(100), data["key"])[0] for _ in range(draw.randrange(4))]
    data["errors"] += more
    value = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return event._replace(record=event.record._replace(value=value))


def _structured(record: Record) -> dict[str, Any]:
    attributes = {name[3:]: _text(value) for name, value in record.headers if name.startswith("ce_")}
    return attributes | {"datacontenttype": "application/json", "data": json.loads(record.value or b"null")}


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
