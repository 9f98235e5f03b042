"""Rights of sources: the file of `CONEXOES_SOURCES`, which ties a `source` to affiliates, accounts and topics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, ValidationError

from schemas.envelope import MAX_ATTRIBUTE_CHARACTERS
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Account, Affiliate, Result

#: The last part of the name of a topic of its own.
Connector = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ATTRIBUTE_CHARACTERS)]
#: Faults of a result whose source may not send it.
Outside = Literal["source", "topic", "data.account", "data.affiliate"]


class SourceRule(BaseModel):
    """Rights of one source. A field that is left out limits nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    affiliates: Annotated[frozenset[Affiliate], Field(min_length=1)] | None = None
    accounts: Annotated[frozenset[Account], Field(min_length=1)] | None = None
    connector: Connector | None = Field(
        default=None, description="its results come by conexoes.results.<type>.<connector>, and by no other topic"
    )


class Sources(RootModel[Annotated[dict[Source, SourceRule], Field(min_length=1)]]):
    """Every source that may say anything."""

    model_config = ConfigDict(frozen=True)

    def outside(self, source: str, account: str, affiliate: str, connector: str | None) -> Outside | None:
        """Name what makes a result one that its source may not send; None when it may. One look-up.

        `connector` is of the topic that it came by: None for the topic of all connectors.
        """
        rule = self.root.get(source)
        if rule is None:
            return "source"
        if rule.connector != connector:
            return "topic"
        if rule.accounts is not None and account not in rule.accounts:
            return "data.account"
        if rule.affiliates is not None and affiliate not in rule.affiliates:
            return "data.affiliate"
        return None

    def refusal(self, result: Result) -> Refusal | None:
        """Say why this result may not come from its source by any topic; None when it may by one."""
        rule = self.root.get(result.source)
        return Allowed(self, None if rule is None else rule.connector).refusal(result)

    @property
    def connectors(self) -> tuple[str, ...]:
        """Names of connectors with topics of their own, in order."""
        return tuple(sorted({rule.connector for rule in self.root.values() if rule.connector is not None}))


class Allowed(NamedTuple):
    """Rights of sources on one topic."""

    sources: Sources
    connector: str | None  # whose topic it is; None: that of all connectors

    def refusal(self, result: Result) -> Refusal | None:
        """Say why this result may not come from its source by this topic; None when it may."""
        field = self.sources.outside(result.source, result.account, result.affiliate, self.connector)
        if field is None:
            return None
        part = result.body.encode() if result.in_batch else None
        return Refusal(DeadLetterCode.NOT_ALLOWED, Reason(ReasonCode.NOT_ALLOWED, field=field), part)


def load_sources(path: Path) -> Sources:
    """Read the file. Raises ValueError with a sentence that names what is wrong in it."""
    try:
        return Sources.model_validate_json(path.read_bytes())
    except OSError as exc:
        raise ValueError(f"{path} can't be read: {exc.strerror}") from exc
    except ValidationError as exc:
        raise ValueError("; ".join(_faults(path, exc))) from None


def _faults(path: Path, exc: ValidationError) -> Iterator[str]:
    for error in exc.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in error["loc"])
        yield f"{path}: {f'{place}: ' if place else ''}{error['msg']}"
