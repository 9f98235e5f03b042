"""A route whose handler is called without finding out, at each request, what it depends on.

FastAPI walks the whole tree of dependencies for each answer, and looks at every field of a query by itself. Here the
tree is put in order once. The rules are the route's own: its dependencies, its models, and so its refusals.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, Self, get_origin

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, serialize_response
from pydantic import BaseModel
from starlette.convertors import Convertor, StringConvertor
from starlette.types import Receive, Scope, Send


class _Asked(NamedTuple):
    """One request, and what is known about it so far."""

    request: Request
    response: Response  # whose headers a handler may set
    found: list[Any]  # what the dependencies before returned
    query: Any = None


_Source = Callable[[_Asked], Any]
_Convertors = Mapping[str, Convertor[Any]]


class UnusualRouteError(Exception):
    """A route that has something which only FastAPI sees to."""


class _Call:
    """A function, and where each of its arguments is from."""

    def __init__(self, dependant: Dependant, convertors: _Convertors) -> None:
        """`convertors`: those of the path, by parameter. Raises UnusualRouteError."""
        self.function = _usual(dependant)
        self.sources: dict[str, _Source] = {each.name: _in_path(each, convertors) for each in dependant.path_params}
        if dependant.request_param_name is not None:
            self.sources[dependant.request_param_name] = lambda asked: asked.request
        if dependant.response_param_name is not None:
            self.sources[dependant.response_param_name] = lambda asked: asked.response

    def arguments(self, asked: _Asked) -> dict[str, Any]:
        return {name: source(asked) for name, source in self.sources.items()}


class _Query:
    """A whole query as one model."""

    def __init__(self, field: Any) -> None:
        """Raises UnusualRouteError for a single parameter, and for a model whose fields have other names outside."""
        model = field.field_info.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise UnusualRouteError
        if any(each.alias or each.validation_alias for each in model.model_fields.values()):
            raise UnusualRouteError
        self._validate = field.validate
        self._single = {name for name, each in model.model_fields.items() if get_origin(each.annotation) is not tuple}
        self._lists = set(model.model_fields) - self._single

    def read(self, request: Request) -> Any:
        """Return the model of a query. Raises RequestValidationError."""
        given: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            given.setdefault(name, []).append(value)
        # As FastAPI: of a single field the last value counts; a name that the model lacks is refused, with all of its.
        values = {
            name: texts[-1] if name in self._single or (len(texts) == 1 and name not in self._lists) else texts
            for name, texts in given.items()
        }
        model, errors = self._validate(values, {}, loc=("query",))
        if errors:
            raise RequestValidationError(errors)
        return model


class PreparedRoute:
    """An ASGI app that answers a GET as its route does."""

    def __init__(self, route: RouteContext) -> None:
        """Raises UnusualRouteError."""
        if type(route.original_route) is not APIRoute:  # another class has a handler of its own
            raise UnusualRouteError
        if route.status_code is not None or route.max_body_size is not None or route.response_field is None:
            raise UnusualRouteError
        if not isinstance(route.response_class, DefaultPlaceholder) or any(_options(route)):
            raise UnusualRouteError
        self._shown = route.response_field
        self._calls: list[_Call] = []
        self._places: dict[Any, int] = {}
        self._handler = self._add(route.dependant, route.param_convertors)
        self._query: _Query | None = None
        if route.dependant.query_params:
            [field] = route.dependant.query_params
            self._query = _Query(field)
            self._handler.sources[field.name] = lambda asked: asked.query

    @classmethod
    def of(cls, route: RouteContext) -> Self | None:
        """Prepare a route; None for one that FastAPI must see to."""
        try:
            return cls(route)
        except UnusualRouteError:
            return None

    def _add(self, dependant: Dependant, convertors: _Convertors) -> _Call:
        """Add the dependencies of a function, each once and in FastAPI's order. Return the call of the function."""
        call = _Call(dependant, convertors)
        for each in dependant.dependencies:
            own = self._add(each, convertors)
            if each.query_params:
                raise UnusualRouteError
            key = (each.call, each.scope)
            if key not in self._places:
                self._places[key] = len(self._calls)
                self._calls.append(own)
            if each.name is not None:
                call.sources[each.name] = _found_at(self._places[key])
        return call

    async def arguments(self, request: Request, response: Response) -> dict[str, Any]:
        """Return what the handler is called with. Raises what dependencies raise, then RequestValidationError."""
        asked = _Asked(request, response, [])
        for each in self._calls:
            asked.found.append(await each.function(**each.arguments(asked)))
        if self._query is not None:
            asked = asked._replace(query=self._query.read(request))
        return self._handler.arguments(asked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = Response()  # by handlers that only set headers
        del said.headers["content-length"]
        answer = await self._handler.function(**await self.arguments(Request(scope, receive, send), said))
        if not isinstance(answer, Response):
            content = await serialize_response(field=self._shown, response_content=answer, dump_json=True)
            answer = Response(content, media_type="application/json")
            answer.headers.raw.extend(said.headers.raw)
        await answer(scope, receive, send)


def _options(route: RouteContext) -> Iterator[Any]:
    """Yield what a route says of the fields of its answer, if it leaves some out."""
    for each in ("include", "exclude", "exclude_unset", "exclude_defaults", "exclude_none"):
        yield getattr(route, f"response_model_{each}")


def _usual(dependant: Dependant) -> Callable[..., Awaitable[Any]]:
    """Return a coroutine function that takes no more than a request has. Raises UnusualRouteError for any other."""
    function = dependant.call
    if not (iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))):  # noqa: B004
        raise UnusualRouteError
    more = (
        not dependant.use_cache,
        len(dependant.query_params) > 1,
        dependant.header_params,
        dependant.cookie_params,
        dependant.body_params,
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.own_oauth_scopes,
        dependant.parent_oauth_scopes,
        dependant.concurrency,
    )
    if any(more):
        raise UnusualRouteError
    return function  # type: ignore[return-value]


def _in_path(field: Any, convertors: _Convertors) -> _Source:
    """Return what takes a part of the path as it is. Raises UnusualRouteError where it may be refused or changed."""
    name = field.alias
    is_text = field.field_info.annotation is str and not field.field_info.metadata
    if not is_text or type(convertors.get(name)) is not StringConvertor:
        raise UnusualRouteError
    return lambda asked: asked.request.path_params[name]


def _found_at(place: int) -> _Source:
    return lambda asked: asked.found[place]
