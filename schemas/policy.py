"""The policy of reprocessing: the catalogue's defaults, and the changes of an installation.

Agents decide by it, and API and pages ask it too, so that they never offer an action that is then refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from schemas.catalogue import BY_NAME
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, own_words
from schemas.reprocess import Mode
from schemas.result import Affiliate
from schemas.steps import MAX_PER_SECOND

EVERY_AFFILIATE: Final = "*"
MAX_DEADLINE_SECONDS = 7 * 24 * 3600  # a connector that has not answered for a week has lost the retry
SWITCHED_OFF = Reason(ReasonCode.SWITCHED_OFF)


class Rule(NamedTuple):
    """The policy for one type on one affiliate."""

    reprocessable: bool
    reason: Reason | None  # why not; None when reprocessable
    mode: Mode | None  # used instead of the command's; None leaves the command's
    deadline_seconds: int  # after it, a retry without an answer is `silent`
    per_second: float | None = None  # retries that this affiliate gets, of all accounts together; None: no limit
    reason_required_above: int | None = None  # logs of one command; None: a reason is never required


class RuleChange(BaseModel):
    """A change to a rule; a field that is not given stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reprocessable: bool | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    mode: Mode | None = None
    deadline_seconds: Annotated[int, Field(ge=1, le=MAX_DEADLINE_SECONDS)] | None = None
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = None
    reason_required_above: Annotated[int, Field(ge=0)] | None = None


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
        if isinstance(value, str | bytes):
            try:
                return orjson.loads(value)
            except orjson.JSONDecodeError as exc:
                raise ValueError(f"the policy must be a JSON object: {exc}") from None
        return value

    @model_validator(mode="after")
    def _known_types(self) -> Self:
        unknown = sorted(set(self.root) - set(BY_NAME))
        if unknown:
            raise ValueError(f"the policy names {', '.join(unknown)}; integration types are {', '.join(BY_NAME)}")
        replayed = [
            f"{name} of {affiliate}"
            for name, changes in self.root.items()
            for affiliate, change in changes.items()
            if change.mode == "replay" and BY_NAME[name].refresh_only
        ]
        if replayed:
            raise ValueError(f"the policy lets {', '.join(replayed)} be replayed, which may only be refreshed")
        return self

    def for_(self, integration_type: str, affiliate: str) -> Rule:
        """The rule for one entity. Raises KeyError for a type that is not in the catalogue."""
        default = BY_NAME[integration_type]
        reprocessable, reason = default.reprocessable, default.not_reprocessable_reason
        mode: Mode | None = "refresh" if default.refresh_only else None
        deadline_seconds = default.deadline_seconds
        per_second: float | None = None
        reason_required_above: int | None = None
        changes = self.root.get(integration_type, {})
        for change in (changes.get(EVERY_AFFILIATE), changes.get(affiliate)):
            if change is None:
                continue
            reprocessable = reprocessable if change.reprocessable is None else change.reprocessable
            reason = reason if change.reason is None else own_words(change.reason)
            mode = change.mode or mode
            deadline_seconds = change.deadline_seconds or deadline_seconds
            per_second = change.per_second or per_second
            if change.reason_required_above is not None:
                reason_required_above = change.reason_required_above
        reason = None if reprocessable else reason or SWITCHED_OFF
        return Rule(reprocessable, reason, mode, deadline_seconds, per_second, reason_required_above)

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
