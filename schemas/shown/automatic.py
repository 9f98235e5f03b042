"""Automatic retries of an account, as the query API shows them."""

from datetime import datetime

from pydantic import Field

from schemas.automatic_rule import AutomaticChange
from schemas.example import example
from schemas.shown.base import NOON, Shown

_RULE = {
    "busy": True,
    "transport": False,
    "unknown": False,
    "tries": 5,
    "pause_seconds": 60.0,
    "pause_ceiling_seconds": 3600.0,
    "per_second": 10.0,
}


class AutomaticOff(Shown):
    """The switch, while it is off."""

    model_config = example(
        set_by="maria@store.example", set_with="the admin of the store", reason="too many double prices", set_at=NOON
    )

    set_by: str = Field(description="who switched it off, as the caller says")
    set_with: str | None = Field(description="name of the access key that it was switched off with, as we know")
    reason: str | None
    set_at: datetime


class SetAutomaticRule(Shown):
    """A rule that somebody has changed."""

    model_config = example(
        integration_type="price",
        affiliate="MLB",
        change={"unknown": True},
        rule={**_RULE, "unknown": True},
        set_by="maria@store.example",
        set_at=NOON,
    )

    integration_type: str
    affiliate: str = Field(description="`*`: every one")
    change: AutomaticChange = Field(description="what was changed; null: as it was")
    rule: AutomaticChange = Field(description="the whole rule as it is now")
    set_by: str
    set_at: datetime


class ShownAutomatic(Shown):
    """Rules of what is tried again by itself, and the switch of all of it."""

    model_config = example(off=None, rules={"price": _RULE}, changes=[])

    off: AutomaticOff | None = Field(description="null: automatic retries are on, as the rules say")
    rules: dict[str, AutomaticChange] = Field(
        description="the rule of each type for every affiliate, unless `changes` has one of its own"
    )
    changes: list[SetAutomaticRule]
