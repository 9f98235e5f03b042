"""A result's and a command's traces go on in spans, which a real receiver of OTLP gets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from aiohttp import web
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from api.edge import Edge
from broker.settings import BrokerSettings
from storage.settings import StorageSettings
from tests.support.agents import TRACE, log_ids, produce, records, running_worker, send_command
from tests.support.events import result, with_evidence, with_extensions
from tests.support.http_server import answering
from tests.support.served import served
from tracing.exporter import sending_spans
from tracing.spans import current_traceparent

RESULT_TRACE = "00-11111111111111111111111111111111-2222222222222222-01"
LONG_NUMBER = "00-55555555555555555555555555555555-6666666666666666-01"
NOT_SAMPLED = "00-33333333333333333333333333333333-4444444444444444-00"


class Got(NamedTuple):
    name: str
    trace_id: str
    parent_id: str
    attributes: dict[str, Any]


class Receiver:
    """A collector that keeps what it gets."""

    def __init__(self) -> None:
        self.spans: list[Got] = []
        self.services: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        assert request.path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(await request.read()).resource_spans:
            self.services |= {
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            }
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                attributes = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
                self.spans.append(Got(span.name, span.trace_id.hex(), span.parent_span_id.hex(), attributes))
        return web.Response(content_type="application/x-protobuf")

    def of(self, traceparent: str) -> dict[str, Got]:
        _version, trace_id, _parent, _flags = traceparent.split("-")
        return {each.name: each for each in self.spans if each.trace_id == trace_id}


async def test_a_trace_goes_from_result_and_command_to_the_retry(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    receiver = Receiver()
    async with answering(receiver.take) as address:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        # Ended in a thread: its exporter waits for the receiver, which runs in this loop.
        spans = sending_spans("conexoes-agents")
        spans.__enter__()
        shown = with_evidence(result("e4", key="SKU-4"), '{"n": 1234567}')
        event = with_extensions(shown, structured=True, traceparent=LONG_NUMBER)
        long_number = event._replace(value=(event.value or b"").replace(b"1234567", b"9" * 5000))
        async with running_worker(broker_settings, storage_settings, data_dir):
            events = [
                with_extensions(result("e1", key="SKU-1"), structured=True, traceparent=RESULT_TRACE),
                with_extensions(result("e2", key="SKU-2"), structured=False, traceparent=NOT_SAMPLED),
                result("e3", key="SKU-3"),
                long_number,
            ]
            await produce(servers, broker_settings.topic_prefix, events)
            ids = await log_ids(owner, 4)
            await send_command(broker_settings, "c1", [ids["SKU-3"]])
            [_retry] = await records(servers, topics.retry("price"), 1)
        await _in_thread(lambda: spans.__exit__(None, None, None))
    stored = receiver.of(RESULT_TRACE)[f"process {topics.results('price')}"]
    assert stored.parent_id == "2" * 16
    assert stored.attributes["conexoes.log_id"] == str(ids["SKU-1"])
    assert stored.attributes["messaging.system"] == "kafka"
    assert receiver.of(TRACE).keys() == {f"process {topics.commands}", f"send {topics.retry('price')}"}
    assert not receiver.of(NOT_SAMPLED)
    assert receiver.of(LONG_NUMBER)
    assert receiver.services == {"conexoes-agents"}
    told = repr(receiver.spans)
    assert "acme" not in told
    assert "SKU" not in told


async def test_a_request_is_a_span_in_the_trace_of_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()

    @app.get("/things/{name}")
    async def thing(name: str) -> dict[str, str | None]:
        return {"name": name, "traceparent": current_traceparent()}

    @app.get("/livez")
    async def livez() -> None: ...

    app.add_middleware(Edge, registry=CollectorRegistry())
    receiver = Receiver()
    async with answering(receiver.take) as address:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
        spans = sending_spans("conexoes-admin")
        spans.__enter__()
        async with served(app) as at, httpx.AsyncClient(base_url=at) as client:
            answer = (await client.get("/things/secret", headers={"traceparent": TRACE})).json()
        await _in_thread(lambda: spans.__exit__(None, None, None))
    span = receiver.of(TRACE)["GET /things/{name}"]
    assert span.attributes["http.response.status_code"] == 200
    assert answer["traceparent"].split("-")[1] == span.trace_id
    assert "secret" not in repr(receiver.spans)
    assert receiver.services == {"shop"}


async def _in_thread(end: Callable[[], object]) -> None:
    await asyncio.to_thread(end)
