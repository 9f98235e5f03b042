"""Finds the route of a GET by the number of slashes in its address, in front of the router."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.convertors import Convertor, PathConvertor
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.prepared_route import PreparedRoute


class _Entry(NamedTuple):
    """One route."""

    address: re.Pattern[str]
    convertors: Mapping[str, Convertor[Any]]
    app: ASGIApp | None  # None: the router sees to it
    said: Mapping[str, Any]  # what the router says of it in the scope


class RouteIndex:
    """An ASGI app in front of a router, which answers as the router does.

    The router compares an address with the routes one after another, and once more within the module that has it: that
    was an eighth of what a list cost. Here it is compared with those alone that have as many slashes, in the router's
    order, so that the first that matches is the same. The router itself sees to what is not found (404, 405), to any
    other method, and to routes that take any number of slashes.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._without = router.middleware_stack
        self._entries: Mapping[int, Sequence[_Entry]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_get = scope["type"] == "http" and scope["method"] == "GET" and not scope.get("root_path")
        app = self.find(scope) if is_get else None
        await (app or self._without)(scope, receive, send)

    def find(self, scope: Scope) -> ASGIApp | None:
        """Return the app of the route that answers, and say in the scope which it is; None when there is none."""
        if self._entries is None:  # with the first request, when all routes are there
            self._entries = _by_slashes(self._router.routes)
        path = scope["path"]
        for each in self._entries.get(path.count("/"), ()):
            if found := each.address.match(path):
                if each.app is not None:
                    params = {name: each.convertors[name].convert(text) for name, text in found.groupdict().items()}
                    scope.update(each.said, router=self._router, path_params=params)
                return each.app
        return None


def _by_slashes(routes: Sequence[BaseRoute]) -> Mapping[int, Sequence[_Entry]]:
    """Return the routes that may answer a GET by the number of its slashes, in the router's order."""
    found = [each for each in iter_route_contexts(routes) if "GET" in (each.methods or ())]
    entries: dict[int, list[_Entry]] = {_slashes(each): [] for each in found}
    for each in found:
        route = each.original_route
        said = {"endpoint": each.endpoint} | ({"route": route} if isinstance(route, APIRoute) else {})
        if any(isinstance(convertor, PathConvertor) for convertor in each.param_convertors.values()):
            # It takes any number of them, and so has a place in each row, where the router itself goes on.
            for row in entries.values():
                row.append(_Entry(each.path_regex, {}, None, said))
        else:
            app = PreparedRoute.of(each) or each.app
            entries[_slashes(each)].append(_Entry(each.path_regex, each.param_convertors, app, said))
    return entries


def _slashes(route: RouteContext) -> int:
    return str(route.path_format).count("/")
