"""Base of every model that the query API shows."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, computed_field

from schemas.reasons.reason import Reason

_set = object.__setattr__  # models are frozen


class Shown(BaseModel):
    """Part of an answer: frozen, and with the fields that the contract names and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def as_stored(cls, fields: dict[str, Any]) -> Self:
        """Make one of all its `fields`, in the model's order, as rows of our own tables have them: unchecked.

        pydantic's own `model_construct` looks for defaults and other names, and takes twice as long as the check.
        """
        made = cls.__new__(cls)
        _set(made, "__dict__", fields)
        _set(made, "__pydantic_fields_set__", set(fields))
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


class Explained(Shown):
    """Part of an answer with a `reason`: a sentence for people, and beside it its code and parameters for programs."""

    @computed_field(description="of the reason, in one word that stays; null without one")  # type: ignore[prop-decorator]
    @property
    def reason_code(self) -> str | None:
        reason: Reason | None = self.reason  # type: ignore[attr-defined]
        return None if reason is None else reason.code

    @computed_field(description="what fills the sentence of that code; null without one")  # type: ignore[prop-decorator]
    @property
    def reason_parameters(self) -> dict[str, Any] | None:
        reason: Reason | None = self.reason  # type: ignore[attr-defined]
        return None if reason is None else reason.document()["parameters"]


#: Ids and a time that examples share, so that they fit together.
LOG_ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
ITEM_ID = "79495b7f-cb87-7bc5-0720-a249abafafd9"
COMMAND_ID = "f62fc572-a9a3-5d71-0071-904bedb5848b"
NOON = "2026-11-24T12:00:00Z"
