"""A kind of fault: what is done, and what was promised about it."""

import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.load.load import Load
    from tests.chaos.system import System

#: Does the fault and heals it. Returns the moment (monotonic) from which recovery counts, None when that is its end.
Do = Callable[["System", "Load", random.Random], Awaitable[float | None]]


class Lane(StrEnum):
    """What a fault is done to. Lanes go on at the same time; in one of them there is one fault at a time."""

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
    #: Times in each round of its lane.
    share: int = 1
    #: Limit in seconds from the end of the fault until what is sent then is stored, on every partition; None: none was
    #: promised.
    recovers_within: float | None = None
    #: Measured, with nothing else done to a server meanwhile.
    alone: bool = False
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
