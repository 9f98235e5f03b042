"""Computes the records of a simulation, one after the other, without sending them."""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from broker.publisher import Record
from conexoes_connector.result_event import result_record
from connectors.simulator.malformed import MALFORMED
from connectors.simulator.marketplace import Fault
from connectors.simulator.marketplaces import faults_of, marketplace_of
from connectors.simulator.settings import SimulatorSettings
from schemas.catalogue import CATALOGUE
from schemas.refusal import DeadLetterCode
from schemas.timestamp import to_text
from schemas.topics import Topics

SOURCE = "/connectors/simulator"
_RECENT = 500  # a duplicate repeats one of this many last records
_LATE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Mix:
    """The number of entities, and the shares, from 0 to 1, of records that are not a plain success."""

    entities: int = 400  # of each type and affiliate
    error_share: float = 0.12  # of results that are a warning or an error
    malformed_share: float = 0.01  # of records that can't be results
    duplicate_share: float = 0.02  # of records that are sent once more
    late_share: float = 0.05  # of results that are older than one sent before


#: The mix of `conexoes simulate` and of the demo of `up`.
DEMO = Mix()


@dataclass(frozen=True, kw_only=True)
class SimulatedRecord:
    """One record, and the outcome that it must have."""

    integration_type: str
    record: Record
    refused: DeadLetterCode | None  # None: it is a result
    affiliate: str = ""  # where it is known
    duplicate: bool = False


def fault_of(integration_type: str, affiliate: str, key: str) -> Fault:
    """Return the fault of this entity. It is always the same, so that a retry can be answered without memory."""
    faults = [each for each in faults_of(integration_type, affiliate) for _ in range(each.weight)]
    return faults[zlib.crc32(key.encode()) % len(faults)]


class Plan:
    """Makes records by `topics`, `settings` and `mix`. `run` makes ids differ from those of other runs."""

    def __init__(self, settings: SimulatorSettings, topics: Topics, run: str, mix: Mix = DEMO) -> None:
        self._settings = settings
        self._mix = mix
        self._topics = topics
        self._run = run
        self._random = random.Random(settings.seed)  # noqa: S311
        self._number = 0
        self._last: dict[tuple[str, str, str], datetime] = {}
        self._recent: list[SimulatedRecord] = []
        self._codes = list(MALFORMED)

    def records(self, start: datetime, step: timedelta) -> Iterator[SimulatedRecord]:
        """Yield records without end: the first processed at `start`, each further one `step` later."""
        at = start
        while True:
            yield self.one(at)
            at += step

    def one(self, at: datetime) -> SimulatedRecord:
        """Make the next record; `at` is when its work was done."""
        self._number += 1
        if self._recent and self._random.random() < self._mix.duplicate_share:
            again = self._random.choice(self._recent)
            return replace(again, duplicate=True)
        made = self._new(at)
        self._recent.append(made)
        if len(self._recent) > _RECENT:
            self._recent.pop(0)
        return made

    def _new(self, at: datetime) -> SimulatedRecord:
        integration_type = self._random.choice(CATALOGUE).name
        affiliate = self._random.choice(self._settings.affiliates)
        key = _key(integration_type, affiliate, self._random.randrange(self._mix.entities))
        fault = fault_of(integration_type, affiliate, key) if self._random.random() < self._mix.error_share else None
        at = self._processed_at((integration_type, affiliate, key), at)
        record = result_record(
            self._topics,
            integration_type,
            outcome_data(integration_type, affiliate, key, fault, self._number)
            | {"account": self._settings.account, "affiliate": affiliate, "key": key, "processed_at": to_text(at)},
            source=marketplace_of(affiliate).source,
            event_id=f"{self._run}-{self._number}",
            time=at,
        )
        if self._random.random() < self._mix.malformed_share:
            code = self._codes[self._number % len(self._codes)]
            return SimulatedRecord(
                integration_type=integration_type, record=MALFORMED[code](record), refused=code, affiliate=affiliate
            )
        return SimulatedRecord(integration_type=integration_type, record=record, refused=None, affiliate=affiliate)

    def _processed_at(self, entity: tuple[str, str, str], at: datetime) -> datetime:
        """Return `at`, or now and then a time before the last one of this entity."""
        last = self._last.get(entity)
        if last is not None and self._random.random() < self._mix.late_share:
            return last - timedelta(seconds=self._random.uniform(1, _LATE_SECONDS))
        self._last[entity] = at
        return at


def outcome_data(integration_type: str, affiliate: str, key: str, fault: Fault | None, number: int) -> dict[str, Any]:
    """Return the fields of a result that carry its outcome."""
    marketplace = marketplace_of(affiliate)
    data: dict[str, Any] = {
        "status": fault.status if fault else "success",
        "operation": f"update-{integration_type}",
        "message": fault.text(number, key) if fault else None,
        "errors": fault.errors(number, key) if fault else None,
        "request": marketplace.request(integration_type, key, number),
        "response": marketplace.answer(fault, key, number),
    }
    if integration_type in {"orders", "tracking"}:
        digits = zlib.crc32(key.encode())
        return data | {"aliases": {"marketplace_order_id": f"2{digits:012}", "shipment_id": f"4{digits % 10**9:09}"}}
    return data | {"aliases": {"ean": f"789{zlib.crc32(key.encode()) % 10**10:010}"}}


def _key(integration_type: str, affiliate: str, number: int) -> str:
    if integration_type in {"orders", "tracking"}:
        return f"{affiliate}-{1_300_000_000 + number * 7919}-01"
    return f"SKU-{number:05}"
