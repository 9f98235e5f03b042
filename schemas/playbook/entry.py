"""An entry of the playbook: what it is about, the cause, the remedy, who must act."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.catalogue import BY_NAME
from schemas.explanation import MAX_CODE_CHARACTERS
from schemas.fault_class import FaultClass
from schemas.fingerprint import Fingerprint
from schemas.result import Affiliate

#: A shorter fragment is in messages of any error.
MIN_FRAGMENT_CHARACTERS = 4
MAX_FRAGMENT_CHARACTERS = 300
MAX_TEXT_CHARACTERS = 2000
MAX_LINK_CHARACTERS = 2000

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_CHARACTERS, strip_whitespace=True)]
Who = Literal["seller", "connector", "marketplace"]
#: Does reprocessing help? `yes`: as it is; `after_fix`: once the cause is put right; `no`: never.
Helps = Literal["yes", "after_fix", "no"]
#: Source of an entry; an earlier one wins.
Origin = Literal["own", "file", "shipped", "class"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
#: Subject of an entry: fingerprint, code, fragment of a message, type, affiliate; None is any.
Subject = tuple[str | None, str | None, str | None, str | None, str | None]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InEveryLanguage(_Strict):
    """One text for people, in the languages of the pages."""

    pt: Text
    en: Text
    es: Text


class WrittenEntry(_Strict):
    """An entry that people of an installation or an account have written."""

    fingerprint: Fingerprint | None = Field(
        default=None, description="the group that it is about; null where `code` or `message` says it"
    )
    code: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE_CHARACTERS)] | None = Field(
        default=None, description="the error code that it is about; null where something else says it"
    )
    message: (
        Annotated[str, StringConstraints(min_length=MIN_FRAGMENT_CHARACTERS, max_length=MAX_FRAGMENT_CHARACTERS)] | None
    ) = Field(
        default=None, description="a part of the message of the errors that it is about, in any case; null as above"
    )
    integration_type: str | None = Field(default=None, description="null: of every type")
    affiliate: Affiliate | None = Field(default=None, description="null: on every marketplace")
    who: Who = Field(description="who must act")
    helps: Helps | None = Field(
        default=None, description="if reprocessing helps: yes, after_fix or no; null: it is not known"
    )
    # Pages make it a link, so it must be a web address.
    link: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=MAX_LINK_CHARACTERS)] | None = None
    cause: InEveryLanguage
    what_to_do: InEveryLanguage

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if not self._is_about_one_thing():
            raise ValueError("give one of code, fingerprint, message")
        if self.integration_type is not None and self.integration_type not in BY_NAME:
            raise ValueError(f"integration_type must be one of {', '.join(BY_NAME)}")
        return self

    def _is_about_one_thing(self) -> bool:
        return sum(each is not None for each in (self.fingerprint, self.code, self.message)) == 1

    @property
    def subject(self) -> Subject:
        """Fields that tell this entry from every other of its kind. A fragment is one in any case."""
        fragment = None if self.message is None else self.message.lower()
        return self.fingerprint, self.code, fragment, self.integration_type, self.affiliate


class PlaybookEntry(WrittenEntry):
    """Cause and remedy of one error, and where this knowledge is from."""

    origin: Origin = Field(
        description="own: an entry of this account; file: of the installation; shipped: it came with Conexões; class: "
        "nobody knows this error, and its words say what kind it is"
    )
    marketplace: str | None = Field(
        default=None, description="of a shipped entry: whose errors it is about; null: anybody's"
    )
    fault_class: FaultClass | None = Field(default=None, description="of origin `class`: which; else null")
    source: str | None = Field(default=None, description="of a shipped entry: where this can be read; else null")

    def _is_about_one_thing(self) -> bool:
        return self.origin == "class" or super()._is_about_one_thing()  # a class is about no single code or message

    @classmethod
    def of(cls, written: WrittenEntry, origin: Origin, **more: Any) -> Self:
        """Return a written entry with its origin. It was validated, so nothing is checked again."""
        return cls.model_construct(**{**vars(written), "origin": origin, **more})  # type: ignore[return-value]
