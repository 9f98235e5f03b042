"""The one filter: the logs that a person sees are those that are counted, exported and reprocessed.

Each field is described here, once: its type, and how it is shown. The query API, the pages (their form, address, chips
and sentences) and the command line are loops over `LogFilter` and `FIELDS` (tests/next/walk_field.py). Its SQL is in
storage.filters.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.catalogue import Language, Status, labels
from schemas.columns import labels_of
from schemas.command_id import CommandId
from schemas.fingerprint import Fingerprint
from schemas.item_state import ON_LOGS, ItemState
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.result import Affiliate
from schemas.search.query import MAX_NAMES, listed
from schemas.storable import is_storable
from schemas.timestamp import Rfc3339

MAX_VALUES = 50  # of a repeatable parameter
#: Limit of groups that a filter names, or leaves out: a page of groups lists no more, and all of them may be marked.
MAX_GROUPS = 1000
MAX_QUERY_CHARACTERS = 200
#: Limit of a search: MAX_NAMES names of 79 characters, in an address that `api.edge` takes.
MAX_SEARCH_CHARACTERS = 16_000

if TYPE_CHECKING:
    ReprocessState = str
else:  # the states that a log shows; `in_flight` is each of OPEN_ITEM_STATES
    ReprocessState = Literal[("in_flight", *(each.value for each in ItemState if each in ON_LOGS))]


def _storable(text: str) -> str:
    # U+FFFD is what a URL that is not UTF-8 turns into.
    if "\ufffd" in text or not is_storable(text):
        raise ReasonError(ReasonCode.FIELD_NOT_STORABLE)
    return text


def _listable(text: str) -> str:
    if len(listed(text)) > MAX_NAMES:
        raise ReasonError(ReasonCode.FIELD_TOO_MANY, limit=MAX_NAMES)
    return text


#: Text to compare with stored text, so it must be storable.
QueryText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY_CHARACTERS), AfterValidator(_storable)]
#: Text of names and words, which search compares without case, accents and spaces at the ends.
SearchText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SEARCH_CHARACTERS),
    AfterValidator(_storable),
    AfterValidator(_listable),
]


#: Form control of a field: `counted` choices stand beside their counts; `from` and `to` are the ends of the one period;
#: a `kept` field has no control, since links of other pages set it.
Control = Literal["search", "counted", "from", "to", "text", "choice", "time", "kept"]


@dataclass(frozen=True, kw_only=True)
class OnPages:
    """Label, control and words of one field of the filter."""

    label: Mapping[Language, str]
    control: Control
    words: str | None = None  # the kind of word of its values; None: they are shown as they are
    characters: int | None = None  # characters of a value that are shown; None: all


def in_lists(value: Any, names: Collection[str]) -> Any:
    """Return the fields of a filter with a single text of a field in `names` as a list, as a URL has it, and null as an
    empty one.
    """
    if not isinstance(value, dict):
        return value
    return {name: _listed(each) if name in names else each for name, each in value.items()}


def _listed(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


class LogFilter(BaseModel):
    """A choice of status logs of one account and type. An empty filter chooses all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[
        tuple[Status, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("status"), control="counted", words="status"),
    ] = Field(default=(), description="any of these")
    affiliate: Annotated[
        tuple[Affiliate, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("affiliate"), control="counted"),
    ] = Field(default=(), description="any of these")
    processed_from: Annotated[Rfc3339 | None, OnPages(label=labels("De", "From", "Desde"), control="from")] = Field(
        default=None, description="RFC 3339, included"
    )
    processed_to: Annotated[Rfc3339 | None, OnPages(label=labels("Até", "To", "Hasta"), control="to")] = Field(
        default=None, description="RFC 3339, not included"
    )
    q: Annotated[
        SearchText | None, OnPages(label=labels("Busca", "Search", "Búsqueda"), control="search", characters=100)
    ] = Field(
        default=None,
        description="search bar, without regard to case and accents: a part of the key or of an alias, of 4 characters "
        "or more, or its beginning; or up to 200 whole names, separated by commas, semicolons, tabs or line breaks; or "
        "words of any message, all of them, whole, and of scripts without spaces any 2 neighbouring characters",
    )
    code: Annotated[
        tuple[QueryText, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("code"), control="text"),
    ] = Field(default=(), description="any error has any of these codes, exactly")
    category: Annotated[
        tuple[QueryText, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("category"), control="text"),
    ] = Field(default=(), description="any error has any of these categories, exactly")
    fingerprint: Annotated[
        tuple[Fingerprint, ...],
        Field(max_length=MAX_GROUPS),
        OnPages(
            label=labels("Grupo de erros iguais", "Group of equal errors", "Grupo de errores iguales"),
            control="kept",
            characters=8,
        ),
    ] = Field(default=(), description="any error is in any of these groups of equal errors")
    reprocess: Annotated[
        ReprocessState | None,
        OnPages(label=labels_of("reprocess_state"), control="choice", words="state"),
    ] = Field(default=None, description="state of the last reprocess; `in_flight` is `queued` or `sent`")

    failing_of: Annotated[
        CommandId | None,
        OnPages(
            label=labels(
                "Continuam com erro, do comando", "Still failing, of command", "Siguen con error, del comando"
            ),
            control="kept",
            characters=12,
        ),
    ] = Field(
        default=None,
        description="id of a reprocess command: sent by it in vain, or refused by Kafka, and not succeeded since",
    )
    rest_of: Annotated[
        CommandId | None,
        OnPages(
            label=labels("Restante do comando", "Rest of command", "Resto del comando"), control="kept", characters=12
        ),
    ] = Field(
        default=None,
        description="id of a reprocess command: chosen by it and never sent, whatever the reason; of one that was "
        "stopped, all that it left",
    )

    exclude_affiliate: Annotated[
        tuple[Affiliate, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels("Todos menos o afiliado", "All but affiliate", "Todos menos el afiliado"), control="text"),
    ] = Field(default=(), description="none of these")
    exclude_code: Annotated[
        tuple[QueryText, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels("Todos menos o código", "All but code", "Todos menos el código"), control="text"),
    ] = Field(default=(), description="no error has any of these codes; a log without errors has none")
    exclude_fingerprint: Annotated[
        tuple[Fingerprint, ...],
        Field(max_length=MAX_GROUPS),
        OnPages(
            label=labels("Todos menos o grupo de erros", "All but group of errors", "Todos menos el grupo de errores"),
            control="kept",
            characters=8,
        ),
    ] = Field(default=(), description="no error is in any of these groups; a log without errors is in none")

    @model_validator(mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:
        return in_lists(value, REPEATABLE)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.processed_from and self.processed_to and self.processed_from >= self.processed_to:
            raise ReasonError(ReasonCode.RANGE_BACKWARDS, first="processed_from", last="processed_to")
        return self

    @property
    def chooses(self) -> bool:
        """True when a field names what to take. A filter that only leaves out takes nearly all, or all after a slip."""
        taking = (name for name in LogFilter.model_fields if not name.startswith("exclude_"))
        return any(getattr(self, name) not in {None, ()} for name in taking)


@dataclass(frozen=True, kw_only=True)
class FilterField:
    """A field of the filter, for loops over the fields."""

    name: str
    shown: OnPages
    is_repeatable: bool  # it may be given more than once
    choices: tuple[str, ...]  # all its values; empty where there is no list of them
    description: str

    @property
    def is_time(self) -> bool:
        return self.shown.control in {"from", "to", "time"}


M = TypeVar("M", bound=BaseModel)


def alone(model: type[M], query: M) -> M:
    """Return what `query`, of a subclass, has of `model` itself. It was validated already."""
    return model.model_construct(**{name: getattr(query, name) for name in model.model_fields})


def fields_of(model: type[BaseModel]) -> Iterator[FilterField]:
    """Yield the fields of a filter. Raises TypeError for one that does not say how it is shown."""
    for name, info in model.model_fields.items():
        shown = next((each for each in info.metadata if isinstance(each, OnPages)), None)
        if shown is None or not info.description:
            raise TypeError(f"{model.__name__}.{name} does not say how it is shown, or has no description")
        types = (info.annotation, *get_args(info.annotation))
        choices = next((get_args(each) for each in types if get_origin(each) is Literal), ())
        if shown.control == "choice" and not choices:
            raise TypeError(f"{model.__name__}.{name} is a choice, and its type names nothing to choose from")
        yield FilterField(
            name=name,
            shown=shown,
            is_repeatable=get_origin(info.annotation) is tuple,
            choices=choices,
            description=info.description,
        )


#: Fields by name, in the order in which a page asks for them.
FIELDS: Mapping[str, FilterField] = MappingProxyType({each.name: each for each in fields_of(LogFilter)})
REPEATABLE = frozenset(each.name for each in FIELDS.values() if each.is_repeatable)
#: The two ends of the one period.
SPAN = tuple(each.name for each in FIELDS.values() if each.shown.control in {"from", "to"})


class ReprocessFilter(LogFilter):
    """The filter of a plan or command. One that does not choose must say `all`: nobody reprocesses all by mistake."""

    all: bool = Field(
        default=False, description="required to be true when the filter is otherwise empty, or only excludes"
    )
    ignored: bool = Field(
        default=False,
        description="true: logs of ignored groups as well. Else they are left out, in a plan and in a command alike, "
        "unless the filter names groups by `fingerprint`, or a command by `failing_of` or `rest_of`",
    )

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if not (self.chooses or self.all):
            raise ReasonError(ReasonCode.FILTER_EMPTY)
        return self

    @property
    def means_all(self) -> bool:
        """True when it names groups, or a command: who does means all of their logs."""
        return bool(self.fingerprint or self.failing_of or self.rest_of)

    def without_groups(self, fingerprints: tuple[str, ...]) -> Self:
        """Return the filter that leaves out these groups too."""
        return self.model_copy(update={"exclude_fingerprint": (*self.exclude_fingerprint, *fingerprints)})

    @property
    def filter(self) -> LogFilter:
        """The conditions alone."""
        return alone(LogFilter, self)
