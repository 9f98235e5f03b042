"""The page of a form that was refused: as it was sent, with why above it and at its fields."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from fastapi import Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Scope

from admin.pages.form_html import Form, find_form
from admin.pages.site import Site, answer, is_fragment
from admin.pages.visitor import Visitor
from api.problems import ProblemError
from schemas.reasons.reason import Reason

#: Statuses of what a person may change, or try again.
_STATUSES: Final = frozenset({400, 409, 422, 429, 503})
#: Headers of a request for a page in its place: who asks, and in which language.
_HEADERS: Final = frozenset({b"host", b"cookie", b"accept-language"})
#: Parameters of a reason that name a field.
_FIELDS: Final = ("field", "first", "last")


def came_from(request: Request) -> str | None:
    """Return the address of our page with the form that was sent; None for what no form sent."""
    if request.method == "GET":
        return None
    told: str | None = dict(getattr(request.state, "form", ())).get("form_page")
    if told is not None:
        return "/" + told.lstrip("/\\")
    try:
        form = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address
        return None
    if form.netloc != request.url.netloc or not form.path.startswith("/"):
        return None
    # An address that begins with two is that of a host.
    return "/" + form.path.lstrip("/") + (f"?{form.query}" if form.query else "")


def page_above(path: str, routes: Sequence[BaseRoute], scope: Scope) -> str | None:
    """Return the nearest address above `path` that can be read; None where that is only the first page of all."""
    while path := path.rpartition("/")[0]:
        if _is_read(path, routes, scope):
            return path
    return None


def _is_read(path: str, routes: Sequence[BaseRoute], scope: Scope) -> bool:
    return any(route.matches({**scope, "path": path, "method": "GET"})[0] is Match.FULL for route in routes)


async def show_refused(request: Request, who: Visitor, problem: ProblemError) -> Response | None:
    """Return the page of the form that was sent, filled in as it was; None where another page has to say what is wrong.

    It is read as if it were asked for, from the address that the form came from, else from the nearest above its own.
    """
    fields = getattr(request.state, "form", None)
    if fields is None or request.method == "GET" or problem.status not in _STATUSES or is_fragment(request):
        return None
    address = _address(request)
    page = None if address is None else await _read_page(request, address)
    form = None if page is None else find_form(page, request.url.path, fields)
    if form is None:
        return None
    site: Site = request.app.state.site
    names = {form.name_of(str(each.parameters.get("field", ""))) for each in problem.reasons} - {None}
    told = site.html(
        request,
        who,
        "parts/refused.html",
        reasons=[_by_label(each, form) for each in problem.reasons],
        focus=not names,
        form_page=address,
    )
    again = form.filled_in(fields, notice=told, faulty={each for each in names if each})
    page_again = answer(request, again, problem.status)
    page_again.headers.update(problem.headers or {})
    return page_again


def _address(request: Request) -> str | None:
    routes, here = request.app.routes, request.url.path
    form = came_from(request)
    for each in (form, here):
        if each is not None and _is_read(unquote(each.partition("?")[0]), routes, request.scope):
            return each
    return page_above(here, routes, request.scope)


async def _read_page(request: Request, address: str) -> str | None:
    """Return the HTML of one of our pages for whoever sent a request; None for an address that shows none."""
    path, _, query = address.partition("?")
    scope = {name: value for name, value in request.scope.items() if name not in {"endpoint", "path_params", "route"}}
    scope |= {"method": "GET", "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode()}
    scope["headers"] = [each for each in request.headers.raw if each[0] in _HEADERS]
    parts: list[bytes] = []
    is_page = False

    async def receive() -> Message:
        return {"type": "http.disconnect"}  # so that a stream ends

    async def send(message: Message) -> None:
        nonlocal is_page
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            is_page = message["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")
        elif is_page:
            parts.append(message.get("body", b""))

    await request.app.router(scope, receive, send)
    return b"".join(parts).decode() if is_page else None


def _by_label(reason: Reason, form: Form) -> Reason:
    """Return a reason with the labels of its fields as the page has them, in place of their names."""
    given = {each: form.name_of(str(reason.parameters[each])) for each in _FIELDS if each in reason.parameters}
    return reason.of(**{each: label for each, name in given.items() if name and (label := form.label_of(name))})
