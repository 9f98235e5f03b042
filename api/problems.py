"""Errors as RFC 9457 problem details: one table from exception to answer."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from schemas.problem import EventRefusal, FieldProblem, Problem
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import fault_of, reasons_of
from schemas.reasons.reason import Reason, Value, own_words
from schemas.reasons.say import say
from storage.errors import RowRefused, StorageUnavailable

MEDIA_TYPE = "application/problem+json"
_READING = ("GET", "HEAD", "OPTIONS")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
NO_EVIDENCE = Reason(ReasonCode.EVIDENCE_NOT_SEEN)
RETRY_AFTER_SECONDS = "5"
MAX_TOLD = 5  # faults in one `detail`
#: Key in the scope of the headers that api.edge adds. The answer to an unhandled exception is made outside of it.
ANSWER_HEADERS = "conexoes.answer_headers"

log = structlog.get_logger(__name__)
_PROBLEMS = {
    400: "not what HTTP allows, as two Host headers",
    401: "no valid key",
    403: "the key lacks the right; a connector's key only posts results",
    404: "not found, or of another account",
    414: "the address is too long",
    422: "a bad parameter, which the answer names",
    429: "too much at once, of this account or by unknown keys",
    431: "the headers are too large",
    503: "the database can't answer right now",
}


class ProblemError(Exception):
    """The error that a handler raises for a caller's mistake, or for what can't be done now."""

    #: Events that were refused, where some were posted.
    refusals: list[EventRefusal] | None = None

    def __init__(self, status: int, kind: str, *reasons: Reason, headers: dict[str, str] | None = None) -> None:
        """`kind` is the last part of the problem's `type`. A reason with the parameter `field` is about that field."""
        self.status = status
        self.kind = kind
        self.reasons = reasons
        self.headers = headers
        super().__init__(self.detail)

    @property
    def errors(self) -> list[FieldProblem] | None:
        """All reasons that are about a field, in English; None when there are none."""
        return [
            FieldProblem(field=str(each.parameters["field"]), message=fault_of(each))
            for each in self.reasons
            if "field" in each.parameters
        ] or None

    @property
    def detail(self) -> str:
        """The first five reasons, in English."""
        return "; ".join(
            f"{each.parameters['field']}: {fault_of(each)}" if "field" in each.parameters else say(each, "en")
            for each in self.reasons[:MAX_TOLD]
        )


def no_evidence() -> ProblemError:
    """A 403 for a key that may not see what was sent and what came back."""
    return ProblemError(403, "no-evidence", NO_EVIDENCE)


def not_found() -> ProblemError:
    """A 404, the same for what does not exist and for what belongs to another account."""
    return ProblemError(404, "not-found", Reason(ReasonCode.NOT_FOUND))


def invalid(field: str, wrong: ReasonCode, status: int = 422, **parameters: Value) -> ProblemError:
    """A 422 for one bad field of a request."""
    return ProblemError(status, "invalid-request", Reason(wrong, field=field, **parameters))


def invalid_model(exc: ValidationError, name: str = "") -> ProblemError:
    """A 422 for the first field that a model refuses; it names `name` when the error is of no single field."""
    first = reasons_of(exc)[0]
    return refusal([first if first.parameters["field"] else first.of(field=name)])


def refusal(reasons: Sequence[Reason]) -> ProblemError:
    """A 422 for what is wrong with a request; each reason has the `field` that it is about."""
    return ProblemError(422, "invalid-request", *reasons)


def not_searchable() -> ProblemError:
    """A 422 for a value that PostgreSQL refuses although it passed our own checks."""
    return ProblemError(422, "invalid-request", Reason(ReasonCode.NOT_SEARCHABLE))


def method_not_allowed(allowed: Sequence[str]) -> ProblemError:
    """A 405 that names the methods of the path."""
    reason = Reason(ReasonCode.METHOD_NOT_ALLOWED, allowed=tuple(allowed))
    return ProblemError(405, "method-not-allowed", reason, headers={"Allow": ", ".join(allowed)})


def too_often(kind: str, code: ReasonCode, wait_seconds: float) -> ProblemError:
    """A 429 that says when to try again: in whole seconds, one at least."""
    seconds = str(int(wait_seconds) + 1)
    return ProblemError(429, kind, Reason(code, seconds=seconds), headers={"Retry-After": seconds})


def unavailable(method: str = "GET") -> ProblemError:
    """A 503: the database can't answer now. What another method than of reading asked for may be done all the same."""
    reason = Reason(ReasonCode.NO_DATABASE_NOW if method in _READING else ReasonCode.DONE_NOT_KNOWN)
    return ProblemError(503, "unavailable", reason, headers={"Retry-After": RETRY_AFTER_SECONDS})


def unexpected(request: Request) -> ProblemError:
    """A 500: a bug of ours, which says nothing but that it was logged."""
    headers = request.scope.get(ANSWER_HEADERS)
    return ProblemError(500, "unexpected", Reason(ReasonCode.UNEXPECTED), headers=headers)


def response(problem: ProblemError) -> JSONResponse:
    body = Problem(
        type=f"/problems/{problem.kind}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        errors=problem.errors,
        refusals=problem.refusals,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


async def _problem(_request: Request, exc: Any) -> JSONResponse:
    return response(exc)


async def answer_refusal(request: Request, exc: Any) -> JSONResponse:
    """Answer what Starlette itself refuses: unknown paths and methods."""
    if exc.status_code == HTTPStatus.NOT_FOUND:
        return response(not_found())
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return response(method_not_allowed(_methods(request)))
    headers = dict(exc.headers) if exc.headers else None
    return response(ProblemError(exc.status_code, "refused", own_words(str(exc.detail)), headers=headers))


def _methods(request: Request) -> list[str]:
    """Return the methods of every route of the path; Starlette's own answer has those of the first."""
    scopes = [(method, {**request.scope, "method": method}) for method in METHODS]
    return [
        method for method, scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


async def _validation(_request: Request, exc: Any) -> JSONResponse:
    return response(refusal(reasons_of(exc.errors())))


async def _unavailable(request: Request, exc: Exception) -> JSONResponse:
    request.app.state.outages.no_answer(str(exc))
    return response(unavailable(request.method))


async def _refused(_request: Request, exc: Exception) -> JSONResponse:
    """Answer 422 when PostgreSQL refuses a value that passed our own checks."""
    log.error("refused", reason=str(exc))
    return response(not_searchable())


async def answer_bug(request: Request, exc: Exception) -> JSONResponse:
    """Answer 500 to an unhandled exception. The log has all of it, the answer nothing."""
    log.error("unexpected", exc_info=exc)
    return response(unexpected(request))


def add_handlers(app: FastAPI) -> None:
    """Turn every error of `app` into a problem document."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(StorageUnavailable, _unavailable)
    app.add_exception_handler(RowRefused, _refused)
    app.add_exception_handler(Exception, answer_bug)


def problem_responses(*more: tuple[int, str]) -> dict[int | str, dict[str, object]]:
    """OpenAPI descriptions of the problems that every path may answer with, and `more`.

    The schema of Problem is added by api.document: with `model`, FastAPI would promise `application/json` too.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {
        status: {"description": text, "content": content}
        for status, text in sorted({**_PROBLEMS, **dict(more)}.items())
    }


#: Answers of a list that is read page by page.
PAGED = problem_responses((400, "the page token is not of this list"))
