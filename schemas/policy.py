"""What may be reprocessed: the catalogue's defaults, and what an installation sets differently.

Agents decide by it, API and pages show what it will decide, so that nobody is offered what is then refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from schemas.catalogue import BY_NAME
from schemas.reprocess import Mode
from schemas.result import Affiliate

EVERY_AFFILIATE: Final = "*"
MAX_DEADLINE_SECONDS = 7 * 24 * 3600  # a connector that is silent for a week has forgotten the retry
SWITCHED_OFF = "Reprocessing is switched off for this marketplace."


class Rule(NamedTuple):
    """What holds for one type on one affiliate."""

    reprocessable: bool
    reason: str | None  # a sentence for a person; None when reprocessable
    mode: Mode | None  # used instead of the command's; None leaves the command's
    deadline_seconds: int  # after it, a retry without an answer is `silent`


class RuleChange(BaseModel):
    """What is set differently; a field that is not given stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reprocessable: bool | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    mode: Mode | None = None
    deadline_seconds: Annotated[int, Field(ge=1, le=MAX_DEADLINE_SECONDS)] | None = None


class Policy(RootModel[Mapping[str, Mapping[Affiliate, RuleChange]]]):
    """Changes by type and affiliate, as in CONEXOES_POLICY; `Policy()` is the catalogue's own.

    `{"orders": {"MLB": {"reprocessable": true, "mode": "refresh"}}, "price": {"*": {"deadline_seconds": 600}}}`:
    `*` is every affiliate, and an affiliate's own entry is laid over it, field by field. Text is read as JSON;
    what is not that is a ValidationError with a sentence, so that an installation with a bad policy never starts.
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
        return self

    def for_(self, integration_type: str, affiliate: str) -> Rule:
        """The rule for one entity. Raises KeyError for a type that is not in the catalogue."""
        default = BY_NAME[integration_type]
        reprocessable, reason = default.reprocessable, default.not_reprocessable_reason
        mode: Mode | None = None
        deadline_seconds = default.deadline_seconds
        changes = self.root.get(integration_type, {})
        for change in (changes.get(EVERY_AFFILIATE), changes.get(affiliate)):
            if change is None:
                continue
            reprocessable = reprocessable if change.reprocessable is None else change.reprocessable
            reason = change.reason or reason
            mode = change.mode or mode
            deadline_seconds = change.deadline_seconds or deadline_seconds
        return Rule(reprocessable, None if reprocessable else reason or SWITCHED_OFF, mode, deadline_seconds)
