"""A simulated marketplace: its ways to fail, and the formats in which it is asked and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: Outcome of a retry of an entity with this fault; `busy`: the marketplace has no time once more, then it is fixed.
Cure = Literal["fixed", "same", "different", "silent", "busy"]
Severity = Literal["error", "warning", "info"]
#: The way by which a connector's results come: Kafka, `POST /events/results`, or VTEX's log contract.
Way = Literal["kafka", "http", "vtex"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One entry of a result's `errors`.

    In its message `{n}` is a number and `{key}` the entity's key, of the result at hand.
    """

    message: str
    code: str | None = None
    severity: Severity = "error"
    category: str | None = None
    field: str | None = None

    def text(self, number: int, key: str) -> str:
        """The message."""
        return self.message.format(n=number, key=key)

    def error(self, number: int, key: str) -> dict[str, Any]:
        """Make the entry; what it does not know is left out."""
        named = {"code": self.code, "category": self.category, "field": self.field}
        entry = {"message": self.text(number, key), "severity": self.severity}
        return entry | {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail: the problems as the marketplace lists them, in an order that means nothing."""

    problems: tuple[Problem, ...]
    cure: Cure
    status: Literal["warning", "error"] = "error"
    http: int = 400  # status of the marketplace's answer
    weight: int = 1  # how often it comes, beside the others of its type
    #: Makes the answer, where this fault has a format of its own.
    answer: Callable[["Fault", int, str], Any] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its problems, as far as they have one."""
        return tuple(each.code for each in self.problems if each.code is not None)

    @property
    def gravest(self) -> Problem:
        """The problem that stands for the result: the first error, or the first of all where there is none."""
        return next((each for each in self.problems if each.severity == "error"), self.problems[0])

    def text(self, number: int, key: str) -> str:
        """The message of the result."""
        return self.gravest.text(number, key)

    def errors(self, number: int, key: str) -> list[dict[str, Any]]:
        """Make the result's `errors`."""
        return [each.error(number, key) for each in self.problems]


@dataclass(frozen=True, kw_only=True)
class Marketplace:
    """One marketplace. What its `faults` have nothing for has the faults of any type."""

    affiliate: str
    name: str
    way: Way = "kafka"
    faults: Mapping[str, tuple[Fault, ...]]
    #: Makes the body of a request, from the type, the key and a number.
    request: Callable[[str, str, int], Any]
    #: Makes the answer to a request with a fault, from the fault, a number and the key.
    refusal: Callable[[Fault, int, str], Any]
    #: Makes the answer to a request without one, from the key and a number.
    acceptance: Callable[[str, int], Any]

    @property
    def source(self) -> str:
        """The `source` of its connector's results."""
        return f"/connectors/{self.name.lower().replace(' ', '-')}"

    def answer(self, fault: Fault | None, key: str, number: int) -> Any:
        """Make the answer, with the fault or without one."""
        if fault is None:
            return self.acceptance(key, number)
        return (fault.answer or self.refusal)(fault, number, key)


def one(cure: Cure, message: str, code: str | None = None, **more: Any) -> Fault:
    """Make a fault with a single problem. `more` are fields of the fault, or of the problem."""
    of_problem = {name: more.pop(name) for name in ("category", "field") if name in more}
    severity: Severity = "warning" if more.get("status") == "warning" else "error"
    return Fault(problems=(Problem(message=message, code=code, severity=severity, **of_problem),), cure=cure, **more)
