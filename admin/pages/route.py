"""Routes of pages: errors are answered as pages, and visitors without a session are asked to sign in."""

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from admin.pages.paths import account_alone, account_with_unknown_type, is_reserved
from admin.pages.site import is_fragment, show
from admin.pages.visitor import SignInNeededError, visitor
from api.app import PREFIX
from api.parameters import type_not_found
from api.problems import (
    ProblemError,
    answer_bug,
    answer_refusal,
    not_found,
    not_searchable,
    refusal,
    unavailable,
    unexpected,
)
from schemas.catalogue import Language
from schemas.filter import FIELDS
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import reasons_of
from schemas.reasons.reason import Reason
from storage.errors import RowRefused, StorageUnavailable

log = structlog.get_logger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """An APIRoute whose errors are for people."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                answer = await handle(request)
            except SignInNeededError:
                return _to_sign_in(request)
            except RequestValidationError as exc:
                return await _error(request, refusal(reasons_of(exc.errors())))
            except ProblemError as exc:
                return await _error(request, exc)
            except RowRefused:
                return await _error(request, not_searchable())
            except StorageUnavailable as exc:
                request.app.state.outages.no_answer(str(exc))
                return await _error(request, unavailable(request.method))
            return _for_script(answer) if request.method == "POST" and is_fragment(request) else answer

        return handle_as_page


def _for_script(answer: Response) -> Response:
    """Return an answer with the address that it leads to where a script sees it: one that is followed it does not."""
    if answer.status_code == HTTPStatus.SEE_OTHER:
        answer.status_code = HTTPStatus.OK
        answer.headers["HX-Redirect"] = answer.headers["location"]
        del answer.headers["location"]
    return answer


def _to_sign_in(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" + (f"?{urlencode({'next': here})}" if request.method == "GET" else "")
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=204)  # by which a browser knows to open the stream no more
    if is_fragment(request):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


async def bug(request: Request, exc: Exception) -> Response:
    """Answer an unexpected exception, for the app's own handler: a page for a browser, else a problem."""
    if not _is_for_a_person(request):
        return await answer_bug(request, exc)
    log.error("unexpected", exc_info=exc)
    return await _error(request, unexpected(request))


async def refused(request: Request, exc: Exception) -> Response:
    """Answer a request without a route, for the app's own handler: a page for a browser, else a problem.

    A browser that asks for an account alone is sent to its overview, which says if the account exists; one that asks
    for the address of a form, as whoever reloads its answer does, to that above it.
    """
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    person = _is_for_a_person(request)
    if person and request.method == "GET" and (other := _instead(status, request)):
        return RedirectResponse(other, 303)
    if not person or status != HTTPStatus.NOT_FOUND:
        return await answer_refusal(request, exc)
    if is_reserved(request.url.path):
        return await _error(request, reserved())
    account = account_with_unknown_type(request.url.path)
    if account is not None:
        return await _error(request, type_not_found(), account=account)
    return await _error(request, not_found())


def _instead(status: int, request: Request) -> str | None:
    """Return the page that a browser is sent to from an address that has none."""
    path = request.url.path
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return page_above(path, request.app.routes, request.scope)
    account = account_alone(path) if status == HTTPStatus.NOT_FOUND else None
    return None if account is None else f"/{account}/overview"


def page_above(path: str, routes: Sequence[BaseRoute], scope: Scope) -> str | None:
    """Return the nearest address above `path` that can be read; None where that is only the first page of all."""
    while path := path.rpartition("/")[0]:
        if any(route.matches({**scope, "path": path, "method": "GET"})[0] is Match.FULL for route in routes):
            return path
    return None


def reserved() -> ProblemError:
    """A 404 for an address that belongs to no account, whatever accounts there are."""
    return ProblemError(404, "not-found", Reason(ReasonCode.ADDRESS_RESERVED))


def _is_for_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(PREFIX)


def _by_label(reason: Reason, language: Language) -> Reason:
    """Return a reason with the label of its field as the page has it, in place of the parameter's name."""
    name = str(reason.parameters.get("field", "")).rpartition(".")[2]
    return reason.of(field=FIELDS[name].shown.label[language]) if name in FIELDS else reason


def _kept(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of a page with a search, so that nobody has to paste a long list anew."""
    given = request.query_params.multi_items() if request.method == "GET" else []
    return given if any(name == "q" for name, _value in given) else []


def _came_from(request: Request) -> str | None:
    """Return the address of our page with the form or link that led here; None for what none did."""
    try:
        form = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address
        return None
    if form.netloc != request.url.netloc or not form.path.startswith("/"):
        return None
    # An address that begins with two is that of a host.
    return "/" + form.path.lstrip("/") + (f"?{form.query}" if form.query else "")


async def _error(request: Request, problem: ProblemError, *, account: str | None = None) -> Response:
    """Return the page that says what happened and what to do; with the pages of the types of `account`, if given."""
    try:
        who = await visitor(request)
    except (StorageUnavailable, ProblemError):
        request.scope["headers"] = [each for each in request.scope["headers"] if each[0] != b"cookie"]
        who = await visitor(Request(request.scope))
    unprocessable = problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
    page = show(
        request,
        who,
        "parts/problem.html" if is_fragment(request) else "error.html",
        status=problem.status,
        problem=problem,
        reasons=[_by_label(each, who.language) for each in problem.reasons],
        fields=[each.parameters["field"] for each in problem.reasons if "field" in each.parameters],
        title=HTTPStatus(problem.status).phrase,
        types_of=account,
        came_from=_came_from(request) if request.method != "GET" or unprocessable else None,
        kept=_kept(request) if unprocessable else [],
    )
    page.headers.update(problem.headers or {})
    return page
