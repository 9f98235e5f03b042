"""A LogFilter as conditions of a statement. SQL is put together here, in storage.statements and storage.columns only.

A statement has the places of conditions in braces. Conditions are about `status_logs s`: `{filter}`: all of them;
`{others}`: those that a facet does not have; `{in_facets}`: that the log is in a facet that has the others; `{then}`:
all of them, about the state of logs at an earlier time; `{unchanged}`: that no newer result has come since a time. Or
about `facets s`: `{dimensions}`: those that a facet has.

A list by time is read from newest to oldest or from oldest to newest. Its statement has, in braces, `{past}`: the
comparison with the cursor; `{direction}`: that of ORDER BY; `{short_of}`: the comparison with the end of the list.

A set field that a statement neither applies nor leaves to its caller is refused: the logs that are listed, counted,
exported and reprocessed must be the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from schemas.filter import LogFilter
from schemas.item_state import OPEN_ITEM_STATES
from schemas.search.query import search_of
from storage.constants import FOR_SQL
from storage.database import Connection
from storage.statements import TEMPLATES, TEXTS, Statement


class UnappliedFieldError(Exception):
    """A set field of a filter that a statement neither applies nor leaves to its caller: a bug of ours."""


class Field(NamedTuple):
    """SQL of a field of the filter."""

    #: Condition in SQL. Its parameter is `:filter_` and the field's name, unless `arguments` gives others. It may also
    #: use :account and :integration_type, which every statement has.
    condition: str
    #: True when facets have the column too, so that their kept counts serve the field. False when whoever counts must
    #: apply the field in another way, and name it in `handled`.
    is_dimension: bool = False
    #: Condition about facets, where it is not the same: a facet has all codes of a log in one array, and so on.
    of_facets: str | None = None
    #: Condition about the state of logs at :as_of, where it is not the same: other rows had another state then, too.
    then: str | None = None
    #: Function of the value, and of the statement's own arguments, that returns those of the condition, by names that
    #: begin with `filter_` and that no other field has.
    arguments: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] | None = None

    def named(self, name: str, value: Any, own: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments of the condition; `own` are those of the statement."""
        if self.arguments is not None:
            return self.arguments(value, own)
        return {f"filter_{name}": list(value) if isinstance(value, tuple) else value}


def _search(text: str, own: Mapping[str, Any]) -> dict[str, Any]:
    search = search_of(own["account"], own["integration_type"], text)
    return {"filter_q_part": search.part, "filter_q_names": search.names, "filter_q_words": search.words}


def _states(wanted: str, _own: Mapping[str, Any]) -> dict[str, list[str]]:
    return {"filter_reprocess": [state.value for state in OPEN_ITEM_STATES] if wanted == "in_flight" else [wanted]}


def _of_any_error(name: str, others: str) -> Field:
    """Return the field of logs of which any error has any of these values. `others`: its name in the plural."""
    values = f":filter_{name}::text[]"
    return Field(
        f"(s.{name} = ANY({values}) OR s.other_{others} && {values})",
        is_dimension=True,
        of_facets=f"s.{others} && {values}",
    )


def _of_no_error(name: str, others: str) -> Field:
    """Return the field of logs of which no error has any of these values. A log without errors is among them."""
    values = f":filter_exclude_{name}::text[]"
    return Field(
        # Null, not false, where a log has no error or no other one.
        f"(s.{name} = ANY({values}) OR s.other_{others} && {values}) IS NOT TRUE",
        is_dimension=True,
        of_facets=f"NOT s.{others} && {values}",
    )


def _of_command(name: str, of_items: str, then: str, *, failed: bool = False) -> Field:
    """Return the field of logs that items `i` of a command are about: `of_items` now, `then` at :as_of.

    `failed`: of these the logs without a success. Items are few beside logs, and are read first; of those that have
    changed since :as_of each is looked at, as in select_changed.
    """
    of_log = "s.status <> 'success' AND " if failed else ""
    items = "SELECT i.log_id FROM reprocess_items i WHERE i.account = :account::text"
    return Field(
        f"{of_log}s.id IN ({items} AND i.command_id = :filter_{name}::text AND {of_items})",
        then=f"{of_log}EXISTS ({items} AND i.log_id = s.id AND i.command_id || '' = :filter_{name}::text"
        f" AND i.created_at <= :as_of::timestamptz AND {then})",
    )


_FAILING: Final = FOR_SQL["FAILING_STATES"]
_UNSENT: Final = FOR_SQL["UNSENT_STATES"]

MEANINGS: Final[dict[str, Field]] = {
    "status": Field("s.status = ANY(:filter_status::text[])", is_dimension=True),
    "affiliate": Field("s.affiliate = ANY(:filter_affiliate::text[])", is_dimension=True),
    "processed_from": Field("s.processed_at >= :filter_processed_from::timestamptz"),
    "processed_to": Field("s.processed_at < :filter_processed_to::timestamptz"),
    # Not EXISTS, for which PostgreSQL might read all names first.
    "q": Field(
        "((SELECT strpos(n.names, :filter_q_part::text) > 0"
        " OR string_to_array(n.names, E'\\n') && :filter_q_names::text[] FROM log_names n WHERE n.log_id = s.id)"
        " OR s.words @> :filter_q_words::bigint[])",
        arguments=_search,
    ),
    "code": _of_any_error("code", "codes"),
    "category": _of_any_error("category", "categories"),
    "fingerprint": _of_any_error("fingerprint", "fingerprints"),
    "reprocess": Field("s.reprocess_state = ANY(:filter_reprocess::text[])", is_dimension=True, arguments=_states),
    "failing_of": _of_command(
        "failing_of", f"i.state IN ({_FAILING})", f"({TEXTS['state_then']}) IN ({_FAILING})", failed=True
    ),
    "rest_of": _of_command(
        "rest_of",
        f"i.state IN ({_UNSENT}) AND i.sent_at IS NULL",
        # One that was answered busy has the time of its last sending alone.
        "(i.sent_at IS NULL OR i.sent_at > :as_of::timestamptz AND i.busy_answers = 0)"
        " AND (i.state <> 'failed' OR i.ended_at > :as_of::timestamptz)",
    ),
    "exclude_affiliate": Field("s.affiliate <> ALL(:filter_exclude_affiliate::text[])", is_dimension=True),
    "exclude_code": _of_no_error("code", "codes"),
    "exclude_fingerprint": _of_no_error("fingerprint", "fingerprints"),
}
#: `handled` for callers that apply the search by other means.
SEARCH: Final = frozenset({"q"})
SPAN: Final = frozenset({"processed_from", "processed_to"})
_OF_COMMANDS: Final = frozenset({"failing_of", "rest_of"})

#: Condition of a search whose logs are known already, in place of its own condition in `{filter}`.
_FOUND: Final = "s.id = ANY(:filter_found::uuid[])"

#: Condition that the result that a log shows came until a time. Other changes, as of its reprocess state, move no log
#: in a list. An attempt that retention has deleted came long before. Not EXISTS, for which PostgreSQL might read all
#: newer attempts first.
_UNCHANGED: Final = (
    "(s.updated_at <= :unchanged_since::timestamptz OR coalesce((SELECT a.received_at <= :unchanged_since::timestamptz"
    " FROM attempts a WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at"
    " AND a.version = s.version LIMIT 1), true))"
)

#: Directions of a list by time.
Direction = Literal["newest", "oldest"]
_IN_DIRECTION: Final[Mapping[Direction, Mapping[str, str]]] = MappingProxyType(
    {
        "newest": {"past": "<", "direction": "DESC", "short_of": ">="},
        "oldest": {"past": ">", "direction": "ASC", "short_of": "<"},
    }
)


class Filtered(NamedTuple):
    """A statement with the conditions of a filter, and all its arguments."""

    statement: Statement
    named: dict[str, Any]

    @property
    def text(self) -> str:
        """Text for PostgreSQL."""
        return self.statement.text

    @property
    def arguments(self) -> list[Any]:
        """Arguments in the order of the text."""
        return self.statement.arguments(**self.named)

    async def fetch(self, connection: Connection) -> list[Any]:
        """Return every row."""
        return await self.statement.fetch(connection, **self.named)

    async def fetchval(self, connection: Connection) -> Any:
        """Return the first value."""
        return await self.statement.fetchval(connection, **self.named)


def filtered(
    name: str,
    filter_: LogFilter,
    *,
    handled: Collection[str] = (),
    found: Sequence[Any] | None = None,
    direction: Direction = "newest",
    unchanged_since: datetime | None = None,
    **named: Any,
) -> Filtered:
    """Return the statement `name` with the conditions of the filter, and its own arguments by name.

    `handled`: fields that the caller applies by other means. `found`: ids of the logs that the search finds, if known.
    `direction`: of a list by time. `unchanged_since`: leave out what got a newer result after it, in a statement that
    has a place for that.
    Values are arguments, never text of the statement. Raises UnappliedFieldError for a set field that nobody applies.
    """
    given = _given(filter_)
    walked = unchanged_since is not None
    statement = _statement(name, given, frozenset(handled), found=found is not None, direction=direction, walked=walked)
    arguments = dict(named)
    if walked:
        arguments["unchanged_since"] = unchanged_since
    for each in given:
        arguments.update(MEANINGS[each].named(each, getattr(filter_, each), named))
    if found is not None:
        arguments["filter_found"] = found
    # The statement has no parameters for handled fields, nor for dimensions that other parameters stand for.
    mine = {each: value for each, value in arguments.items() if each in statement.names or each in named}
    return Filtered(statement, mine)


def _given(filter_: LogFilter) -> tuple[str, ...]:
    """Return the fields that are set, in the order of the filter.

    Raises UnappliedFieldError for one that MEANINGS does not have.
    """
    given = tuple(name for name, default in _defaults(type(filter_)) if getattr(filter_, name) != default)
    if unknown := [name for name in given if name not in MEANINGS]:
        raise UnappliedFieldError(f"storage.filters says nothing of {', '.join(unknown)}")
    return given


@cache
def _defaults(kind: type[LogFilter]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, field.default) for name, field in kind.model_fields.items())


def no_dimensions() -> frozenset[str]:
    """Return `handled` for statements that only find facets: another one applies the other fields to their logs."""
    return frozenset(name for name, field in MEANINGS.items() if not field.is_dimension)


def names_dimensions(filter_: LogFilter) -> bool:
    """Return True when the filter asks for some facets rather than all of them."""
    return any(MEANINGS[name].is_dimension for name in _given(filter_))


def names_command(filter_: LogFilter) -> bool:
    """Return True when the filter asks for logs of a command, which are best looked up one by one."""
    return not _OF_COMMANDS.isdisjoint(_given(filter_))


@lru_cache(maxsize=1024)
def _statement(
    name: str, given: tuple[str, ...], handled: frozenset[str], *, found: bool, direction: Direction, walked: bool
) -> Statement:
    """Return the statement for filters with these fields, whatever their values."""
    dimensions = [each for each in given if MEANINGS[each].is_dimension]
    puts = {
        "filter": [each for each in given if each not in handled],
        "dimensions": dimensions,
        "others": [each for each in given if each not in handled and each not in dimensions],
        "in_facets": [],
        "then": list(given),
    }
    template = TEMPLATES[name]
    if walked and "{unchanged}" not in template:
        raise UnappliedFieldError(f"statement {name} leaves out nothing that got a newer result")
    applied = {each for blank, fields in puts.items() if f"{{{blank}}}" in template for each in fields}
    if left := [each for each in given if each not in applied and each not in handled]:
        raise UnappliedFieldError(f"statement {name} does not apply {', '.join(left)}, and nobody says who does")
    fragments = {
        blank: "\n".join(f" AND {_condition(each, blank, found=found)}" for each in fields)
        for blank, fields in puts.items()
    }
    if dimensions:
        fragments["in_facets"] = TEMPLATES["of_facets"].replace("{dimensions}", fragments["dimensions"])
    fragments["unchanged"] = f" AND {_UNCHANGED}" if walked else ""
    fragments |= _IN_DIRECTION[direction]
    for blank, fragment in fragments.items():
        template = template.replace(f"{{{blank}}}", fragment)
    return Statement(name, template)


def _condition(name: str, blank: str, *, found: bool) -> str:
    """Return the condition of a field in the place of `blank`."""
    if blank == "filter" and found and name == "q":
        return _FOUND
    field = MEANINGS[name]
    of_blank = {"dimensions": field.of_facets, "then": field.then}.get(blank)
    return of_blank or field.condition
