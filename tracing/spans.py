"""Spans of what this product does to results, commands, retries and requests; each a no-op while nothing is sent.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP and messaging. No span has an account, a
key, a name or a text of a store.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_W3C: Final = TraceContextTextMapPropagator()
_tracer: Tracer | None = None


class Step(NamedTuple):
    """One record that was handled, in the trace that it came in."""

    traceparent: str
    topic: str
    partition: int | None
    offset: int | None
    attributes: Mapping[str, str] = {}


def use(tracer: Tracer | None) -> None:
    """Make spans by this tracer from now on; None makes none."""
    global _tracer  # noqa: PLW0603 - one for a process, as OpenTelemetry's own
    _tracer = tracer


def sends_spans() -> bool:
    """Tell if spans are sent, for callers to whom finding out what a span needs costs something."""
    return _tracer is not None


def begin() -> int:
    """Return the moment at which a step begins, for `processed` and `sent`; by this host's clock, as spans are."""
    return time.time_ns()


def processed(steps: Iterable[Step], begun_ns: int) -> None:
    """Make a span for each record that was read and stored since `begun_ns` (of `begin`)."""
    if _tracer is not None:
        _record(_tracer, "process", SpanKind.CONSUMER, steps, begun_ns)


def sent(steps: Iterable[Step], begun_ns: int) -> None:
    """Make a span for each record that Kafka has taken since `begun_ns` (of `begin`)."""
    if _tracer is not None:
        _record(_tracer, "send", SpanKind.PRODUCER, steps, begun_ns)


def _record(tracer: Tracer, operation: str, kind: SpanKind, steps: Iterable[Step], begun_ns: int) -> None:
    ended_ns = time.time_ns()
    for step in steps:
        where = {"partition.id": step.partition, "kafka.offset": step.offset}
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.type": operation,
            "messaging.destination.name": step.topic,
            **{f"messaging.{name}": value for name, value in where.items() if value is not None},
            **step.attributes,
        }
        span = tracer.start_span(
            f"{operation} {step.topic}",
            _W3C.extract({"traceparent": step.traceparent}),
            kind,
            attributes=attributes,
            start_time=begun_ns,
        )
        span.end(ended_ns)


@contextmanager
def served(method: str, headers: Mapping[str, str]) -> Iterator[Span | None]:
    """Make a span around the answer to a request, in the trace of its headers. Gives None while nothing is sent."""
    if _tracer is None:
        yield None
        return
    attributes = {"http.request.method": method}
    with _tracer.start_as_current_span(
        method,
        _W3C.extract(headers),
        SpanKind.SERVER,
        attributes=attributes,
        record_exception=False,  # its text may have a value
        set_status_on_exception=False,
    ) as span:
        yield span


def answered(span: Span | None, method: str, route: str, status: int) -> None:
    """Say in the span of `served` what the request was answered. `route` is a template, never the caller's path."""
    if span is None:
        return
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def current_traceparent() -> str | None:
    """Return the W3C `traceparent` of the span that is open; None while nothing is sent."""
    if _tracer is None:
        return None
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent")
