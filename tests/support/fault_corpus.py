"""Labelled texts of faults, after the patterns of marketplaces, fiscal services, servers and programs.

Each line of `fault_corpus.jsonl` is one fault with the texts that different entities get for it. Texts and labels are
our own. The families were written before the rules of `schemas/fingerprint` and divided by a rule that looks at nothing
but their name: the held-out third is for measuring, and the rules are not adjusted to it.
"""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("fault_corpus.jsonl")


class Fault(NamedTuple):
    """One fault, and texts of it that differ in what varies between entities."""

    family: str  # faults that are written in one pattern, the hardest to tell apart
    fault: str
    language: str
    form: str  # plain, json, xml or html
    texts: tuple[str, ...]

    @property
    def is_held_out(self) -> bool:
        """True for a fault of the third that nothing is adjusted to."""
        return zlib.crc32(self.family.encode()) % 3 == 0


class Grouping(NamedTuple):
    """Agreement of a grouping with the labels, over all pairs of texts."""

    precision: float  # of the pairs in one group, the share that is one fault
    recall: float  # of the pairs of one fault, the share that is in one group


def corpus() -> list[Fault]:
    """Return every fault of the corpus."""
    lines = _FILE.read_text("utf-8").splitlines()
    return [Fault(**{**line, "texts": tuple(line["texts"])}) for line in map(json.loads, lines)]


def grouping(faults: Iterable[Fault], group: Callable[[str], str]) -> Grouping:
    """Return how well `group` agrees with the labels of `faults`."""
    grouped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    labelled: Counter[str] = Counter()
    for fault in faults:
        for text in fault.texts:
            grouped[group(text)][fault.fault] += 1
            labelled[fault.fault] += 1
    right = sum(_pairs(count) for counts in grouped.values() for count in counts.values())
    together = sum(_pairs(counts.total()) for counts in grouped.values())
    same = sum(map(_pairs, labelled.values()))
    return Grouping(right / together, right / same)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
