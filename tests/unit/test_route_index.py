"""Two ways to a handler, FastAPI's own and the prepared one: the same route, the same arguments, the same refusals."""

import re
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.dependencies.utils import solve_dependencies
from fastapi.exceptions import RequestValidationError
from fastapi.routing import RouteContext, iter_route_contexts
from hypothesis import given, settings
from hypothesis import strategies as st

from api.fairness import AFTER_ANSWER
from api.prepared_route import PreparedRoute
from api.problems import ProblemError
from api.route_index import RouteIndex
from cli.documents.openapi import unconnected_admin
from schemas.catalogue import BY_NAME

KEY = "bootstrap-key-of-the-tests"
UUID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
#: Values of parts of paths, good and bad for one part or another.
PARTS = ("acme", "ACME", "price", "prices", "logs", "reprocess", UUID, "a" * 65, "é", "%", " ", "logs\n")
VALUES = (
    "", "0", "1", "201", "true", "error", "success", "MLB", "2026-11-24T12:00:00Z", "2026-11-25T12:00:00-03:00", "noon",
    "0123456789abcdef", "queued", "hour", "UTC", "SKU-1,SKU-2", "x" * 300, "\x00", "\ufffd", "é", UUID,
)  # fmt: skip
PLACE = re.compile(r"\{[^}]*\}")
#: Queries that no form makes.
ODD = ("q", "&&", "=1", "%ff=1", "q=%zz", "page_size=1;page_size=2", "status=error&status", "page_size=&q=")
AUTHORIZATIONS = (f"Bearer {KEY}", f"bearer {KEY}", f"Basic {KEY}", KEY, "Bearer ", f"Bearer {'x' * 201}", None)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The admin app, of which nothing is connected."""
    return unconnected_admin(KEY)


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> list[RouteContext]:
    return list(iter_route_contexts(app.routes))


@pytest.fixture(scope="module")
def prepared(routes: list[RouteContext]) -> list[tuple[RouteContext, PreparedRoute]]:
    return [(each, way) for each in routes if (way := PreparedRoute.of(each)) is not None]


def scope_of(path: str, query: str = "", authorization: str | None = None, **more: Any) -> dict[str, Any]:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    own = {"type": "http", "method": "GET", "path": path, "root_path": "", "query_string": query.encode("latin-1")}
    return {**own, "headers": headers, AFTER_ANSWER: [], **more}


def test_what_is_asked_most_is_prepared(prepared: list[tuple[RouteContext, PreparedRoute]]) -> None:
    account = "/api/v1/accounts/{account}"
    logs = f"{account}/{{integration_type}}/logs"
    asked = {f"{account}/search", logs, f"{logs}/summary", f"{logs}/{{log_id}}", f"{logs}/{{log_id}}/timeline"}
    assert asked <= {each.path for each, _way in prepared}


@given(
    st.data(),
    st.sampled_from(AUTHORIZATIONS[:1] * 6 + AUTHORIZATIONS[1:]),
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from(VALUES)), max_size=6),
    st.sampled_from(("",) * 9 + ODD),
)
@settings(max_examples=400)
async def test_arguments_and_refusals_are_those_of_fastapi(
    app: FastAPI,
    prepared: list[tuple[RouteContext, PreparedRoute]],
    data: st.DataObject,
    authorization: str | None,
    given_values: list[tuple[int, str]],
    odd: str,
) -> None:
    route, way = data.draw(st.sampled_from(prepared))
    params = {name: data.draw(st.sampled_from(PARTS)) for name in route.param_convertors}
    if data.draw(st.booleans()):
        params |= {"account": "acme", "integration_type": "price", "log_id": UUID}
    names = ["x", "page_size", *_fields(route)]
    query = urlencode([(names[number % len(names)], value) for number, value in given_values]) or odd
    own = {name: params[name] for name in route.param_convertors}
    one, other = (scope_of("/", query, authorization, app=app, path_params=own) for _ in range(2))
    assert await _outcome(_prepared(way, one), one) == await _outcome(_by_fastapi(route, other), other)


def _fields(route: RouteContext) -> list[str]:
    return [name for field in route.dependant.query_params for name in field.field_info.annotation.model_fields]


async def _prepared(way: PreparedRoute, scope: dict[str, Any]) -> dict[str, Any]:
    return await way.arguments(Request(scope), Response())


async def _by_fastapi(route: RouteContext, scope: dict[str, Any]) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        scope |= {"fastapi_inner_astack": stack, "fastapi_function_astack": stack}
        solved = await solve_dependencies(
            request=Request(scope), dependant=route.dependant, async_exit_stack=stack, embed_body_fields=False
        )
    if solved.errors:
        raise RequestValidationError(solved.errors)
    return solved.values


async def _outcome(arguments: Any, scope: dict[str, Any]) -> Any:
    """Arguments of a handler, or why it is not called; and how many places are taken, which are given back."""
    try:
        found = await arguments
        outcome: Any = {
            name: type(each) if isinstance(each, (Request, Response)) else each for name, each in found.items()
        }
    except ProblemError as exc:
        outcome = (exc.status, exc.kind, exc.reasons, exc.headers)
    except RequestValidationError as exc:
        outcome = [{name: repr(value) for name, value in each.items()} for each in exc.errors()]
    for release in scope[AFTER_ANSWER]:
        release()
    return outcome, len(scope[AFTER_ANSWER])


def _addresses(routes: list[RouteContext]) -> set[str]:
    """An address of each route for several accounts, and what is nearly one."""
    found = set()
    for each in routes:
        for values in (("acme", UUID), ("reprocess", "logs"), (*BY_NAME, "acme")):
            path = str(each.path)
            for part in values * 3:
                path = PLACE.sub(part, path, count=1)
            cut = path.rpartition("/")[0]
            found |= {path, f"{path}/", f"{path}\n", f"{path}/x", f"{path}x", cut, f"{cut}/", f"/{path}"}
    return found


def test_the_index_finds_the_route_that_the_router_finds(app: FastAPI, routes: list[RouteContext]) -> None:
    index = RouteIndex(app.router)
    several = 0
    for path in _addresses(routes):
        matching = [each for each in routes if "GET" in (each.methods or ()) and each.path_regex.match(path)]
        several += len(matching) > 1
        scope = scope_of(path)
        app_found = index.find(scope)
        by_router = not matching or ":path}" in str(matching[0].path)
        assert (app_found is None) == by_router, path
        if not by_router:
            first = matching[0]
            texts = first.path_regex.match(path).groupdict()
            params = {name: first.param_convertors[name].convert(text) for name, text in texts.items()}
            assert (scope["endpoint"], scope["path_params"]) == (first.endpoint, params), path
            assert isinstance(app_found, PreparedRoute) or app_found is first.app
    assert several > 20
