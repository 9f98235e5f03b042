"""Spans cost nothing while no address is set, and what can't be sent is said at the start."""

import subprocess
import sys

import pytest

from tracing import spans
from tracing.exporter import ENDPOINTS, TracingUnusable, sending_spans


def test_nothing_is_imported_where_nothing_is_sent() -> None:
    program = (
        "import sys\n"
        "import cli.commands.agents, cli.commands.admin\n"
        "from tracing.exporter import sending_spans\n"
        "with sending_spans('x', {}): pass\n"
        "senders = ('opentelemetry.sdk', 'opentelemetry.exporter')\n"
        "assert not [name for name in sys.modules if name.startswith(senders)]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "environment", [{}, {ENDPOINTS[0]: ""}, {ENDPOINTS[0]: "http://x", "OTEL_SDK_DISABLED": "true"}]
)
def test_without_an_address_no_spans_are_made(environment: dict[str, str]) -> None:
    with sending_spans("x", environment):
        assert not spans.sends_spans()
        assert spans.current_traceparent() is None
        with spans.served("GET", {}) as span:
            assert span is None


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    environment = {ENDPOINTS[0]: "http://x"}
    with pytest.raises(TracingUnusable, match=r"pip install 'conexoes\[tracing\]'"), sending_spans("x", environment):
        pass


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_protocol_that_is_not_spoken_is_refused_by_name(endpoint: str) -> None:
    environment = {endpoint: "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(TracingUnusable, match="http/protobuf only, not by grpc"), sending_spans("x", environment):
        pass
