"""The rule of automatic retries: which failures of a type and affiliate are tried again by themselves, and how often.

The catalogue has the defaults; people change them for an account while it runs. Pure: what is due and what is left is
in storage.reprocess.automatic.
"""

from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import BY_NAME
from schemas.error_class import RETRIED_CLASSES, ErrorClass
from schemas.example import example
from schemas.policy import EVERY_AFFILIATE, MAX_BUSY_PAUSE_SECONDS
from schemas.reprocess import RequestedBy, WhyAsked
from schemas.result import Account, Affiliate
from schemas.steps import MAX_PER_SECOND, Pace

#: Automatic retries of one failure, after pauses of 1, 2, 4, 8 and 16 minutes. Each is an item with its own busy tries.
TRIES: Final = 5
PAUSE_SECONDS: Final = 60.0
PAUSE_CEILING_SECONDS: Final = 3600.0
MAX_TRIES: Final = 20
#: Retries a second for one type of one affiliate, of all automatic commands of an account together.
PER_SECOND: Final = 10.0
#: Logs of one automatic command: while they wait to be sent, no other one is made for the same type and affiliate.
COMMAND_LOGS: Final = 1000
#: Seconds that what is due waits for more of its kind, unless it makes a whole command: a trickle of failures would
#: make a command each second.
GATHER_SECONDS: Final = 30.0
#: A group whose canaries have all failed is left alone for so long, then it is a new one.
FORGET_CANARY_SECONDS: Final = 7 * 24 * 3600
#: Pace of a command for failures of an unknown class: one of a group, and the others only when it is fixed.
CANARY: Final = Pace(steps=(1,), fixed_share=1.0)


class AutomaticRule(NamedTuple):
    """The rule for one type on one affiliate of an account."""

    classes: frozenset[ErrorClass]  # that are tried again by themselves
    tries: int = TRIES  # of one failure
    pause_seconds: float = PAUSE_SECONDS  # before the first; each one later is twice as long
    pause_ceiling_seconds: float = PAUSE_CEILING_SECONDS  # no pause is longer
    per_second: float = PER_SECOND

    def retries(self, class_: ErrorClass) -> bool:
        """Return True for a class that is tried again. A permanent one never is, whatever the rule says."""
        return class_ in RETRIED_CLASSES and class_ in self.classes

    def pause_after(self, tries: int) -> float | None:
        """Return the seconds until the next try after so many; None: there is none any more."""
        if tries >= self.tries:
            return None
        return min(self.pause_seconds * 2.0**tries, self.pause_ceiling_seconds)

    @property
    def shown(self) -> "AutomaticChange":
        """The whole rule, as a change says it."""
        switches = {each.value: each in self.classes for each in RETRIED_CLASSES}
        numbers = {name: getattr(self, name) for name in AutomaticChange.model_fields if name not in switches}
        return AutomaticChange(**switches, **numbers)


class AutomaticChange(BaseModel):
    """A change to a rule; a field that is not given stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    busy: bool | None = Field(
        default=None, description="the marketplace had no time: 429, 5xx, throttling, time-outs; on by default"
    )
    transport: bool | None = Field(
        default=None, description="it was not reached: names, TLS, sockets, databases; off by default"
    )
    unknown: bool | None = Field(
        default=None,
        description="nothing known: one canary of each group of equal errors, and the others only if that is fixed; "
        "off by default",
    )
    tries: Annotated[int, Field(ge=1, le=MAX_TRIES)] | None = Field(
        default=None, description="automatic retries of one failure, at most"
    )
    pause_seconds: Annotated[float, Field(gt=0, le=MAX_BUSY_PAUSE_SECONDS)] | None = Field(
        default=None, description="before the first one; each one later is twice as long"
    )
    pause_ceiling_seconds: Annotated[float, Field(gt=0, le=MAX_BUSY_PAUSE_SECONDS)] | None = Field(
        default=None, description="no pause is longer"
    )
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = Field(
        default=None,
        description="automatic retries of this type a second to this affiliate, at most; the policy's own limit holds "
        "as well",
    )

    def applied_to(self, rule: AutomaticRule) -> AutomaticRule:
        """Return the rule with this change."""
        given = self.model_dump(exclude_none=True)
        switched = {each: given.pop(each.value) for each in RETRIED_CLASSES if each.value in given}
        classes = (rule.classes | {each for each, on in switched.items() if on}) - {
            each for each, on in switched.items() if not on
        }
        return rule._replace(classes=frozenset(classes), **given)


#: Name of a rule within an account: its type, and its affiliate or `*` for every one.
RuleName = tuple[str, str]


class AutomaticRules(NamedTuple):
    """The changes of one account, by type and affiliate; `AutomaticRules()` is the catalogue's own."""

    changes: Mapping[RuleName, AutomaticChange] = {}

    def for_(self, integration_type: str, affiliate: str) -> AutomaticRule:
        """The rule for one entity; an affiliate's own change overrides that for every affiliate, field by field.

        Raises KeyError for a type that is not in the catalogue.
        """
        rule = AutomaticRule(frozenset(BY_NAME[integration_type].automatic))
        for name in dict.fromkeys((EVERY_AFFILIATE, affiliate)):
            if change := self.changes.get((integration_type, name)):
                rule = change.applied_to(rule)
        return rule

    def of_each_type(self) -> dict[str, AutomaticChange]:
        """The rules for every affiliate without a change of its own, whole, by type."""
        return {name: self.for_(name, EVERY_AFFILIATE).shown for name in BY_NAME}


class AutomaticRuleRequest(BaseModel):
    """Body of `PUT /commands/automatic-retries/rule`: the rule of a type and affiliate, in place of an earlier one."""

    model_config = example(
        account="demo",
        integration_type="price",
        affiliate="MLB",
        change={"unknown": True, "tries": 3},
        requested_by="maria@store.example",
        reason="their API drops connections at night",
    )

    account: Account
    integration_type: str = Field(json_schema_extra={"enum": list(BY_NAME)})
    affiliate: Affiliate = Field(default=EVERY_AFFILIATE, description="`*`: every affiliate")
    change: AutomaticChange = Field(description="an empty one takes back what was changed before")
    requested_by: RequestedBy
    reason: WhyAsked = None
