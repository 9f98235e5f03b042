"""The policy of reprocessing: the catalogue's defaults, and the changes of an installation.

Agents decide by it, and API and pages ask it too, so that they never offer an action that is then refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from schemas.catalogue import BY_NAME
from schemas.correction import Pointer
from schemas.json_pointer import ANY, parts_of
from schemas.json_setting import document_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, own_words
from schemas.reprocess import Mode
from schemas.result import Affiliate
from schemas.steps import MAX_PER_SECOND

EVERY_AFFILIATE: Final = "*"
MAX_DEADLINE_SECONDS = 7 * 24 * 3600  # a connector that has not answered for a week has lost the retry
#: Tries after pauses of half a minute, 1, 2, 4 and 8 minutes: marketplaces throttle by the minute or the quarter hour.
BUSY_TRIES = 5
BUSY_PAUSE_SECONDS = 30.0
BUSY_PAUSE_CEILING_SECONDS = 600.0
MAX_BUSY_TRIES = 20
MAX_BUSY_PAUSE_SECONDS = 24 * 3600
#: Pointers of one rule: a person looks through them all.
MAX_EDITABLE = 100
#: Columns of a workbook for such fields.
MAX_FIXABLE = 20
SWITCHED_OFF = Reason(ReasonCode.SWITCHED_OFF)


class Rule(NamedTuple):
    """The policy for one type on one affiliate."""

    reprocessable: bool
    reason: Reason | None  # why not; None when reprocessable
    mode: Mode | None  # used instead of the command's; None leaves the command's
    deadline_seconds: int  # after it, a retry without an answer is `silent`
    per_second: float | None = None  # retries that this affiliate gets, of all accounts together; None: no limit
    reason_required_above: int | None = None  # logs of one command; None: a reason is never required
    only_unchanged: bool = False  # a retry whose log has a newer result when its turn comes is not sent
    busy_tries: int = BUSY_TRIES  # how often an item is tried again that was answered busy
    busy_pause_seconds: float = BUSY_PAUSE_SECONDS  # before the first of these; each one later is twice as long
    busy_pause_ceiling_seconds: float = BUSY_PAUSE_CEILING_SECONDS  # no pause is longer
    replay_request: bool = True  # a `replay` carries the request that was kept
    editable: tuple[str, ...] = ()  # pointers of the kept request that a person may change, with `*` for any part

    @property
    def replayed(self) -> bool:
        """True where the request that was kept may be sent again."""
        return self.replay_request and self.mode != "refresh"

    @property
    def correctable(self) -> tuple[str, ...]:
        """The pointers that may be changed before a request is sent again: none where none is ever sent again."""
        return self.editable if self.reprocessable and self.replayed else ()

    def pause_after(self, busy_answers: int) -> float | None:
        """Return the seconds until an item is tried again after so many busy answers; None: it is not."""
        if busy_answers > self.busy_tries:
            return None
        return min(self.busy_pause_seconds * 2.0 ** (busy_answers - 1), self.busy_pause_ceiling_seconds)


class RuleChange(BaseModel):
    """A change to a rule; a field that is not given stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reprocessable: bool | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    mode: Mode | None = None
    deadline_seconds: Annotated[int, Field(ge=1, le=MAX_DEADLINE_SECONDS)] | None = None
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = None
    reason_required_above: Annotated[int, Field(ge=0)] | None = None
    only_unchanged: bool | None = None
    busy_tries: Annotated[int, Field(ge=0, le=MAX_BUSY_TRIES)] | None = None
    busy_pause_seconds: Annotated[float, Field(gt=0, le=MAX_BUSY_PAUSE_SECONDS)] | None = None
    busy_pause_ceiling_seconds: Annotated[float, Field(gt=0, le=MAX_BUSY_PAUSE_SECONDS)] | None = None
    replay_request: bool | None = None
    editable: Annotated[tuple[Pointer, ...], Field(max_length=MAX_EDITABLE)] | None = None


class Policy(RootModel[Mapping[str, Mapping[Affiliate, RuleChange]]]):
    """Changes by type and affiliate, as in CONEXOES_POLICY; `Policy()` is the catalogue's own.

    `{"orders": {"MLB": {"reprocessable": true, "mode": "refresh"}}, "price": {"*": {"deadline_seconds": 600}}}`:
    `*` is every affiliate, and an affiliate's own entry overrides it field by field. Text is read as JSON; other text
    is a ValidationError with a sentence, so that an installation with a bad policy never starts.
    """

    model_config = ConfigDict(frozen=True)

    root: Mapping[str, Mapping[Affiliate, RuleChange]] = Field(default_factory=lambda: MappingProxyType({}))

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return document_of(value, "the policy")

    @model_validator(mode="after")
    def _known_types(self) -> Self:
        unknown = sorted(set(self.root) - set(BY_NAME))
        if unknown:
            raise ValueError(f"the policy names {', '.join(unknown)}; integration types are {', '.join(BY_NAME)}")
        replayed = [
            f"{name} of {affiliate}"
            for name, changes in self.root.items()
            for affiliate, change in changes.items()
            if (change.mode == "replay" or change.editable) and BY_NAME[name].refresh_only
        ]
        if replayed:
            named = ", ".join(replayed)
            raise ValueError(f"the policy lets {named} be replayed or edited, which may only be refreshed")
        return self

    def for_(self, integration_type: str, affiliate: str) -> Rule:
        """The rule for one entity. Raises KeyError for a type that is not in the catalogue."""
        default = BY_NAME[integration_type]
        rule = Rule(
            reprocessable=default.reprocessable,
            reason=default.not_reprocessable_reason,
            mode="refresh" if default.refresh_only else None,
            deadline_seconds=default.deadline_seconds,
        )
        changes = self.root.get(integration_type, {})
        for change in (changes.get(EVERY_AFFILIATE), changes.get(affiliate)):
            if change is not None:
                given = change.model_dump(exclude_none=True)
                if "reason" in given:
                    given["reason"] = own_words(given["reason"])
                rule = rule._replace(**given)
        return rule._replace(reason=None if rule.reprocessable else rule.reason or SWITCHED_OFF)

    def fixable(self, integration_type: str) -> tuple[str, ...]:
        """Return the fields of requests that a workbook of the type has columns for: of some affiliate, without `*`."""
        affiliates = (EVERY_AFFILIATE, *self.root.get(integration_type, {}))
        named = [each for affiliate in affiliates for each in self.for_(integration_type, affiliate).correctable]
        return tuple(dict.fromkeys(each for each in named if ANY not in parts_of(each)))[:MAX_FIXABLE]

    def may_require_reason(self, integration_type: str) -> bool:
        """Return True when some command about this type needs a reason."""
        return any(each.reason_required_above is not None for each in self.root.get(integration_type, {}).values())

    def lacks_reason(self, integration_type: str, reason: str | None, by_affiliate: Mapping[str, int]) -> Reason | None:
        """Return why a command with these numbers of logs by affiliate needs a reason; None when it needs none."""
        if reason and reason.strip():
            return None
        for affiliate, count in sorted(by_affiliate.items()):
            limit = self.for_(integration_type, affiliate).reason_required_above
            if limit is not None and count > limit:
                return Reason(ReasonCode.REASON_REQUIRED, limit=limit, affiliate=affiliate, count=count)
        return None
