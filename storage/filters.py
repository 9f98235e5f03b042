"""The one place that assembles SQL: a LogFilter as conditions on `status_logs s`, or on `facets s`."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from schemas.filter import LogFilter
from schemas.reprocess import OPEN_ITEM_STATES
from storage.statements import SQL

#: Sorts after every text that begins with the same characters (COLLATE "C" compares code points).
AFTER_ALL = "\U0010ffff"


class Conditions(NamedTuple):
    """`AND …` fragments, with their arguments numbered from where the statement's own end."""

    sql: str
    arguments: list[Any]


class Statement(NamedTuple):
    """A statement and its arguments."""

    sql: str
    arguments: list[Any]


#: The fields that are about a facet as a whole: `facets` and `status_logs` have the same columns for them.
DIMENSIONS = frozenset({"status", "affiliate", "code", "fingerprint", "reprocess"})
EVERY_FIELD = frozenset(LogFilter.model_fields)

_IN_FLIGHT = [state.value for state in OPEN_ITEM_STATES]

#: The words are asked for once, not for each log. As everywhere, $1 and $2 are the account and the type.
_HAS_WORDS = "s.words @> (SELECT message_words($1::text, $2::text, {0}::text))"

#: What each field of the filter means; `{0}`, `{1}` are the placeholders of its arguments.
_FRAGMENTS: dict[str, tuple[str, Callable[[Any], Sequence[Any]]]] = {
    "status": ("s.status = ANY({0}::text[])", lambda value: [list(value)]),
    "affiliate": ("s.affiliate = ANY({0}::text[])", lambda value: [list(value)]),
    "processed_from": ("s.processed_at >= {0}::timestamptz", lambda value: [value]),
    "processed_to": ("s.processed_at < {0}::timestamptz", lambda value: [value]),
    "q": (
        "((s.key >= {0}::text AND s.key < {1}::text)"
        " OR EXISTS (SELECT FROM aliases a WHERE a.account = s.account AND a.log_id = s.id"
        " AND a.value >= {0}::text AND a.value < {1}::text)"
        f" OR {_HAS_WORDS})",
        lambda value: [value, value + AFTER_ALL],
    ),
    "code": ("s.code = {0}::text", lambda value: [value]),
    "fingerprint": ("s.fingerprint = {0}::text", lambda value: [value]),
    "reprocess": (
        "s.reprocess_state = ANY({0}::text[])",
        lambda value: [_IN_FLIGHT if value == "in_flight" else [value]],
    ),
}


def conditions(filter_: LogFilter, arguments_before: int, fields: Collection[str] = EVERY_FIELD) -> Conditions:
    """The filter for a statement that has `arguments_before` arguments already; of it, what `fields` names.

    The first two are the account and the integration type. An empty filter gives no condition. Values are arguments,
    never text of the statement.
    """
    fragments: list[str] = []
    arguments: list[Any] = []
    for name, (fragment, arguments_of) in _FRAGMENTS.items():
        value = getattr(filter_, name)
        if name not in fields or value is None or value == ():
            continue
        own = arguments_of(value)
        first = arguments_before + len(arguments) + 1
        fragments.append(f" AND {fragment.format(*(f'${first + index}' for index in range(len(own))))}")
        arguments.extend(own)
    return Conditions("\n".join(fragments), arguments)


def filtered(name: str, own: Sequence[Any], filter_: LogFilter, fields: Collection[str] = EVERY_FIELD) -> Statement:
    """The named statement with its own arguments: account, type, and others.

    `fields` of the filter are put where it says `{filter}`, its dimensions where it says `{dimensions}`.
    """
    sql, arguments = SQL[name], list(own)
    for place, named in (("{filter}", fields), ("{dimensions}", DIMENSIONS)):
        if place in sql:
            where = conditions(filter_, len(arguments), named)
            sql, arguments = sql.replace(place, where.sql), [*arguments, *where.arguments]
    return Statement(sql, arguments)


def names_dimensions(filter_: LogFilter) -> bool:
    """Whether the filter asks for some facets rather than all of them."""
    return bool(conditions(filter_, 0, DIMENSIONS).sql)
