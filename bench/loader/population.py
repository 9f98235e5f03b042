"""A population of accounts and entities. Pure: the same seed gives the same names on every machine."""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.catalogue import CATALOGUE

#: Logs of the smallest account, if there are enough.
SMALLEST = 300
#: Marketplaces of its account on which each key is.
COPIES = 3
MARKETPLACES = ("MLB", "AMZ", "MGL", "SHP", "B2W", "VIA", "CRF", "NTS", "DFT", "CNB", "LVR", "WLM")
MIN_AFFILIATES = 5
TYPES = tuple(each.name for each in CATALOGUE)


class Entity(NamedTuple):
    """The entity of one status log."""

    account: str
    integration_type: str
    affiliate: str
    key: str

    @property
    def aliases(self) -> dict[str, str]:
        """The aliases of the entity."""
        digits = zlib.crc32(f"{self.account}/{self.key}".encode())
        if self.integration_type == "orders":
            return {"marketplace_order_id": f"2{digits:012}"}
        if self.integration_type == "tracking":
            return {"marketplace_order_id": f"2{digits:012}", "shipment_id": f"4{digits % 10**9:09}"}
        return {"ean": f"789{digits:010}"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """One store: how many logs it has, and the marketplaces that it sells on, the busiest first."""

    name: str
    logs: int
    affiliates: Sequence[str]

    def entity(self, index: int) -> Entity:
        """The entity of its log number `index`, 0 ≤ index < logs. No two indices give the same."""
        group, kind = divmod(index, len(TYPES))
        number, copy = divmod(group, COPIES)
        # The product of two draws is more often small than large: the first affiliates have more.
        draw = number * 2_654_435_761 % 2**32
        first = (draw % 997) * (draw // 997 % 997) * len(self.affiliates) // 997**2
        affiliate = self.affiliates[(first + copy) % len(self.affiliates)]
        integration_type = TYPES[kind]
        return Entity(self.name, integration_type, affiliate, _key(integration_type, affiliate, number))


def _key(integration_type: str, affiliate: str, number: int) -> str:
    if integration_type in {"orders", "tracking"}:
        return f"{affiliate}-{1_300_000_000 + number * 7}-01"
    return f"SKU-{number:07}"


def accounts(count: int, logs: int, seed: int) -> list[Account]:
    """`count` accounts with `logs` logs together: the first has half of them, the last a few hundred."""
    shuffled = random.Random(seed)
    return [
        Account(
            name=f"store-{number:03}",
            logs=size,
            affiliates=shuffled.sample(MARKETPLACES, shuffled.randint(MIN_AFFILIATES, len(MARKETPLACES))),
        )
        for number, size in enumerate(_sizes(count, logs), start=1)
    ]


def _sizes(count: int, logs: int) -> list[int]:
    if count == 1:
        return [logs]
    half = logs // 2
    others = count - 1
    smallest = max(1, min(SMALLEST, half // (4 * others)))
    low, high = 1.0, 10.0
    for _ in range(60):  # bisect the ratio of neighbours at which all of them have `half` together
        ratio = (low + high) / 2
        if smallest * sum(ratio**power for power in range(others)) < half:
            low = ratio
        else:
            high = ratio
    sizes = [int(smallest * low**power) for power in reversed(range(others))]
    return [logs - sum(sizes), *sizes]


def entities(population: Sequence[Account], count: int, seed: int) -> Iterator[Entity]:
    """`count` entities drawn with repetition, so that an account is drawn as often as it is large."""
    draw = random.Random(seed)
    weights = [account.logs for account in population]
    for account in draw.choices(population, weights, k=count):
        yield account.entity(draw.randrange(account.logs))
