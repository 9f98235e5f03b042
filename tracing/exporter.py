"""Starts and ends the sending of spans, as the variables of the OpenTelemetry specification say."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tracing import spans

#: The address of a collector, as the OpenTelemetry specification names it: for every signal, and for traces alone.
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_DISABLED: Final = "OTEL_SDK_DISABLED"


class TracingUnusable(Exception):
    """Spans are asked for and can't be sent. The text says what to change."""


@contextmanager
def sending_spans(service: str, environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Send the spans of this process for the time of the block, if `environment` has an address for them.

    `service` is the `service.name`, unless OTEL_SERVICE_NAME is set. At the end the rest is sent, within the exporter's
    timeout (OTEL_EXPORTER_OTLP_TIMEOUT). A collector that is away holds nothing up: spans wait in a queue of bounded
    length, and those beyond it are lost. Raises TracingUnusable.
    """
    if not any(environment.get(each) for each in ENDPOINTS) or environment.get(_DISABLED, "").lower() == "true":
        yield
        return
    protocol = next((found for each in _PROTOCOLS if (found := environment.get(each))), _PROTOCOL)
    if protocol != _PROTOCOL:
        raise TracingUnusable(f"Spans are sent by {_PROTOCOL} only, not by {protocol}: set {_PROTOCOLS[1]}.")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise TracingUnusable(
            f"{ENDPOINTS[0]} is set, but what sends spans is not installed: pip install 'conexoes[tracing]'."
        ) from None

    resource = Resource.create({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    spans.use(provider.get_tracer("conexoes"))
    try:
        yield
    finally:
        spans.use(None)
        provider.shutdown()
