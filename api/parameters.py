"""Query parameters. Unknown ones, and single ones that are given twice, are refused by name."""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.problems import ProblemError, invalid, not_found, refusal
from schemas.catalogue import BY_NAME, IntegrationType, Language
from schemas.command_id import is_command_id
from schemas.export import ExportView
from schemas.filter import REPEATABLE, LogFilter, SearchText, alone
from schemas.item_state import ItemState
from schemas.log_sort import MAX_SORTED, USUAL_SORT, LogSort
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.series import REPEATABLE_OF_SERIES

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200

PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE, description="rows per page")]
PageToken = Annotated[
    str, StringConstraints(max_length=1000), Field(description="`next_page_token` of the page before, same filter")
]
#: Token of a list that may be sorted by a column: it has the value of a row, with up to four bytes a character.
SortedPageToken = Annotated[
    str,
    StringConstraints(max_length=3000),
    Field(description="`next_page_token` or `previous_page_token` of another page, same filter and `sort`"),
]


class PageQuery(BaseModel):
    """Parameters of a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page_size: PageSize = DEFAULT_PAGE_SIZE
    page_token: PageToken | None = None


class CommandQuery(PageQuery):
    """Parameters of a page of commands."""

    automatic: bool | None = Field(
        default=None, description="true: only those that Conexões recorded by itself; false: all but those"
    )


class LogQuery(LogFilter):
    """Parameters of a page of logs."""

    page_size: PageSize = DEFAULT_PAGE_SIZE
    page_token: PageToken | None = None

    @property
    def filter(self) -> LogFilter:
        """The filter alone."""
        return alone(LogFilter, self)


class ListQuery(LogQuery):
    """Parameters of a list of logs, in any order."""

    page_token: SortedPageToken | None = None
    sort: LogSort = Field(
        default=USUAL_SORT,
        description="`newest` or `oldest` processing date first, however many logs there are; or by a column, with `-` "
        "from its greatest value on, newest first among equal ones and those without a value last: `key`, `affiliate` "
        "and `code` by code point, `status` by severity (`-status` is gravest first), `attempts`, `first_seen_at`. By "
        f"a column only while the filter matches at most {MAX_SORTED:,} logs; 422 says so otherwise",
    )


class ExportQuery(LogFilter, ExportView):
    """Parameters of an export of logs."""

    @property
    def filter(self) -> LogFilter:
        """The filter alone."""
        return alone(LogFilter, self)


class StateQuery(BaseModel):
    """Parameters that select items of a command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: ItemState | None = Field(default=None, description="only items in this state")


class LedgerQuery(StateQuery):
    """Parameters of an export of a command's items."""

    language: Language = Field(default="en", description="of headings; in CSV, pt and es separate columns by semicolon")


class ItemQuery(PageQuery, StateQuery):
    """Parameters of a page of a command's items."""


class SearchQuery(BaseModel):
    """Parameters of a search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: SearchText = Field(
        description="a name of the entity without regard to case and accents, or a part of it of 4 characters or more, "
        "or its beginning; or up to 200 whole names, separated by commas, semicolons, tabs or line breaks",
        examples=["2000001"],
    )
    page_size: PageSize = DEFAULT_PAGE_SIZE


def once_each(repeatable: Collection[str]) -> Callable[[Request], Awaitable[None]]:
    """Return what refuses a parameter that is given twice, with 422, but for the `repeatable` ones."""

    async def refuse_others(request: Request) -> None:
        given = Counter(name for name, _value in request.query_params.multi_items())
        twice = sorted(name for name, times in given.items() if times > 1 and name not in repeatable)
        if twice:
            raise refusal([Reason(ReasonCode.GIVEN_TWICE, field=f"query.{name}") for name in twice])

    return refuse_others


async def no_parameters(request: Request) -> None:
    """Refuse any query parameter, with 422."""
    for name in request.query_params:
        raise invalid(f"query.{name}", ReasonCode.PARAMETER_UNKNOWN)


async def integration_type(integration_type: Annotated[str, Path(examples=["price"])]) -> IntegrationType:
    """Return the type of the path; 404, which names the types, when the catalogue has none of that name."""
    if integration_type not in BY_NAME:
        raise type_not_found()
    return BY_NAME[integration_type]


def type_not_found() -> ProblemError:
    """A 404 that names the types."""
    return ProblemError(404, "not-found", Reason(ReasonCode.TYPE_NOT_FOUND, allowed=tuple(BY_NAME)))


async def log_id(log_id: Annotated[str, Path(examples=["5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"])]) -> uuid.UUID:
    """The id of the path; 404 for what can't be one."""
    return uuid_of(log_id)


def uuid_of(text: str) -> uuid.UUID:
    """Return the id that a part of a path is; 404 for what can't be one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise not_found() from None


async def command_id(command_id: Annotated[str, Path(examples=["8c7f9f0e-7d1f-4b58-8f5e-2f1f0c9f7a11"])]) -> str:
    """The id of the path; 404 for what can't be one."""
    if not is_command_id(command_id):
        raise not_found()
    return command_id


Type = Annotated[IntegrationType, Depends(integration_type)]
LogId = Annotated[uuid.UUID, Depends(log_id)]
CommandIdOfPath = Annotated[str, Depends(command_id)]
ONCE: list[Any] = [Depends(once_each(REPEATABLE))]
ONCE_OF_SERIES: list[Any] = [Depends(once_each(REPEATABLE_OF_SERIES))]
NONE: list[Any] = [Depends(no_parameters)]
