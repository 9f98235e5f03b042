"""The living page of all parts, for whoever changes them: `/styleguide`, where CONEXOES_STYLEGUIDE is 1."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from admin.pages.histogram import draw
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import AnyVisitor
from admin.settings import PageSettings
from api.problems import not_found
from schemas.catalogue import SEVERITY
from schemas.item_state import ItemState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

#: Kinds of tokens by the beginning of their names, in the order of the page; the rest are colours.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("--text-", "--regular", "--medium", "--strong", "--bold", "--sans", "--mono"),
    "space": ("--space-", "--gap", "--side"),
    "corners": ("--corner", "--round", "--shadow"),
    "motion": ("--quick", "--slow"),
}
_TOKEN: Final = re.compile(r"(--[\w-]+): ([^;]+);")


class _Span(NamedTuple):
    from_: datetime
    to: datetime
    by_status: Mapping[str, int]


@router.get("/styleguide")
async def styleguide(request: Request, who: AnyVisitor) -> Response:
    """Show every token and part, in the visitor's language and colours, where CONEXOES_STYLEGUIDE is 1."""
    if not PageSettings().styleguide:
        raise not_found()
    tokens = request.app.state.site.assets["tokens.css"].body.decode()
    return show(
        request,
        who,
        "styleguide.html",
        tokens=_by_kind(tokens),
        statuses=SEVERITY,
        states=tuple(ItemState),
        chart=draw(list(_spans(who.now))),
        now=who.now,
    )


def _by_kind(css: str) -> dict[str, list[tuple[str, str]]]:
    """Return names and values by kind, in the order of the file; of a name that is there twice the first."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in ("colour", *_KINDS)}
    for name, value in _TOKEN.findall(css):
        kind = next((kind for kind, starts in _KINDS.items() if name.startswith(starts)), "colour")
        found[kind].setdefault(name, value)
    return {kind: list(names.items()) for kind, names in found.items()}


def _spans(now: datetime) -> Iterator[_Span]:
    """Yield a day of made-up counts, with a bad hour."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=24)
    for hour in range(24):
        begin = start + timedelta(hours=hour)
        failed = 40 if hour == 17 else hour % 4
        yield _Span(begin, begin + timedelta(hours=1), {"success": 60 + 3 * hour, "warning": hour % 3, "error": failed})
