"""Values of a filter's fields as they stand in an address."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from admin.pages.times import read_local
from api.problems import invalid, invalid_model
from schemas.filter import FilterField
from schemas.reasons.code import ReasonCode
from schemas.reprocess import MAX_LOG_IDS
from schemas.timestamp import to_text

Filter = TypeVar("Filter", bound=BaseModel)
#: Choice of whose entries a list has, as its address says it; without it a page has people's, and the API all.
ByWhom = Literal["false", "true", "all"]
#: Values of the parameter of the API.
AUTOMATIC: Final[Mapping[ByWhom, bool | None]] = MappingProxyType({"false": False, "true": True, "all": None})
#: Longest address that a page leads to where it may do without: proxies take 8 kB for the first line of a request, or
#: less. What has more of a filter goes in a form.
MOST_CHARACTERS: Final = 4_000
#: Automatic entries up to which a page counts those that it leaves out.
MOST_LEFT_OUT: Final = 1000


def by_whom_pairs(chosen: ByWhom) -> list[tuple[str, str]]:
    """Return whose entries a list has, as in its address."""
    return [] if chosen == "false" else [("automatic", chosen)]


def query_of(pairs: Sequence[tuple[str, str]]) -> str:
    """Return an address from its `?` on; empty where nothing is in it."""
    return f"?{urlencode(pairs)}" if pairs else ""


def texts_of(value: Any) -> list[str]:
    """Return the values of a field as in an address; none for a field that is not set."""
    if value is None:
        return []
    if isinstance(value, datetime):
        return [to_text(value)]
    return [str(each) for each in value] if isinstance(value, tuple) else [str(value)]


def date_of(name: str, text: str, zone: tzinfo) -> datetime:
    """Return the time that a field has. Raises the 422 problem that names the field, for one that does not exist."""
    try:
        return read_local(text, zone)
    except ValueError:
        raise invalid(name, ReasonCode.TIME_IMPOSSIBLE) from None


def need_chosen(name: str, chosen: Collection[Any]) -> None:
    """Raise the 422 problem of a form by which nothing was chosen."""
    if not chosen:
        raise invalid(name, ReasonCode.NOTHING_CHOSEN)


def ids_of(texts: Sequence[str]) -> list[uuid.UUID]:
    """Return the ids of texts of the form `id` or `id@stamp`, each once."""
    try:
        ids = list(dict.fromkeys(uuid.UUID(each.partition("@")[0]) for each in texts))
    except ValueError:
        raise invalid("log_id", ReasonCode.FIELD_NOT_UUID) from None
    if len(ids) > MAX_LOG_IDS:
        raise invalid("log_id", ReasonCode.FIELD_TOO_MANY, limit=MAX_LOG_IDS)
    return ids


def filter_pairs(filter_: BaseModel, fields: Mapping[str, FilterField]) -> list[tuple[str, str]]:
    """Return a filter as in an address."""
    return [(name, text) for name in fields for text in texts_of(getattr(filter_, name))]


def read_filter(model: type[Filter], fields: Mapping[str, FilterField], query: QueryParams, zone: tzinfo) -> Filter:
    """Read a filter from an address. Raises the 422 problem of an invalid value. Unknown names are ignored."""
    found: dict[str, Any] = {}
    for name, field in fields.items():
        given = [text for text in query.getlist(name) if text.strip()]
        if field.is_repeatable:
            found[name] = tuple(dict.fromkeys(given))
        elif given:
            found[name] = date_of(name, given[0], zone) if field.is_time else given[0]
    try:
        return model.model_validate(found)
    except ValidationError as exc:
        raise invalid_model(exc, "filter") from None
