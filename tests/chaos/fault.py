"""A kind of fault: what is done, and what was promised about it."""

import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.chaos.load.load import Load
    from tests.chaos.system import System


class Hurt(NamedTuple):
    """Extent of the damage: since when, and where."""

    since: float  # monotonic
    partitions: frozenset[tuple[str, int]] | None = None  # those that must work again; None: all


#: Does the fault and heals it. Recovery counts from its end, unless it says otherwise.
Do = Callable[["System", "Load", random.Random], Awaitable[Hurt | None]]


class Lane(StrEnum):
    """Object of a fault. Lanes go on at the same time; in one of them there is one fault at a time."""

    KILLS = "kills"
    WORKERS = "workers"
    MACHINES = "machines"
    POSTGRESQL = "postgresql"
    KAFKA = "kafka"
    PAGES = "pages"
    RECORDS = "records"


@dataclass(frozen=True)
class Fault:
    """One entry of the table. Its module's docstring says what is done, and after an empty line what was promised."""

    do: Do
    lane: Lane
    #: Limit in seconds until what is sent after it is stored, on every partition that it hit; None: none was
    #: promised.
    recovers_within: float | None = None
    #: True if nothing else may be hurt meanwhile, but for pages.
    alone: bool = False
    #: True if a server forgets, and only the other one can tell it again: no two of these at once.
    forgets: bool = False
    #: Says what it lacks on this machine; it is left out then.
    lacks: Callable[[], str | None] = lambda: None

    @property
    def name(self) -> str:
        """The name of its module, as `--only` has it."""
        return self.do.__module__.rpartition(".")[2].replace("_", "-")

    @property
    def done(self) -> str:
        return self._said()[0]

    @property
    def promised(self) -> str:
        return self._said()[1]

    def _said(self) -> Sequence[str]:
        paragraphs = (inspect.getdoc(inspect.getmodule(self.do)) or "").split("\n\n")
        if len(paragraphs) != 2:
            raise ValueError(f"the docstring of {self.name} must be two paragraphs: what is done, what was promised")
        return [" ".join(each.split()) for each in paragraphs]
