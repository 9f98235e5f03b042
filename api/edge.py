"""The outermost middleware: gives each request an id, safe headers and metrics. HEAD is GET without a body."""

import re
import time
import uuid

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.fairness import AFTER_ANSWER, release_places
from api.problems import ANSWER_HEADERS, METHODS, ProblemError, response
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from tracing.spans import answered, served

REQUEST_ID = "X-Request-Id"
#: Room for any filter that a person makes. api.connection_limits cuts off what is much larger.
MAX_URL_BYTES = 32 * 1024
MAX_HEADER_BYTES = 32 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Edge:
    """ASGI middleware around the whole app.

    Only the answer to an unhandled exception is made outside of it, by Starlette.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        #: Labels are the route's template and known methods, never the caller's text: no account is ever a label.
        self.seconds = Histogram(
            "conexoes_http_seconds", "requests, in seconds", ["method", "route", "status"], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID))
        answer_headers = {REQUEST_ID: request_id, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        scope[ANSWER_HEADERS] = answer_headers
        scope[AFTER_ANSWER] = []
        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        status = 500
        started = time.perf_counter()

        async def send_out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in answer_headers.items():
                    headers.setdefault(name, value)  # a file that never changes sets its own Cache-Control
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        known = method if method in METHODS else "other"
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            served(known, Headers(scope=scope)) as span,
        ):
            try:
                unusable = _unusable(scope)
                await (self._app if unusable is None else response(unusable))(inner, receive, send_out)
            finally:
                release_places(scope)
                route = getattr(inner.get("route"), "path", "none")
                answered(span, known, route, status)
                self.seconds.labels(known, route, status).observe(time.perf_counter() - started)


def _unusable(scope: Scope) -> ProblemError | None:
    """Return the problem of a request that must be refused at once; None when there is none."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_URL_BYTES:
        return ProblemError(414, "url-too-long", Reason(ReasonCode.URL_TOO_LONG, limit=MAX_URL_BYTES))
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > MAX_HEADER_BYTES:
        reason = Reason(ReasonCode.HEADERS_TOO_LARGE, bytes=size, limit=MAX_HEADER_BYTES)
        return ProblemError(431, "headers-too-large", reason)
    hosts = sum(name == b"host" for name, _value in scope["headers"])
    # RFC 9112, section 3.2. httptools accepts any number of Host headers; a proxy may have used another one than we.
    if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
        return ProblemError(400, "bad-host", Reason(ReasonCode.ONE_HOST_HEADER, hosts=hosts))
    return None


def _request_id(given: str | None) -> str:
    """Return the caller's X-Request-Id if it is safe to log, a new one otherwise."""
    return given if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
