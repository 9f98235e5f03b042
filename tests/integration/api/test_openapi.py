"""The API keeps what its OpenAPI document says: generated and real requests to every operation, over real data."""

import asyncio
import itertools
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from broker.settings import BrokerSettings
from exports.jobs.desk import ExportDesk
from exports.jobs.jobs import Jobs
from exports.settings import ExportSettings
from schemas.catalogue import BY_NAME
from tests.integration.api.conftest import Caller
from tests.support.events import at, result
from tests.support.reprocess import Desk
from tests.support.served import served
from tests.support.waiting import eventually

REQUESTS_PER_OPERATION = 12
API = "/api/v1/accounts/acme"
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
#: Keys that requests carry, by owner or role; "none" and "unknown" are no keys of ours.
CALLERS = ("operator", "operator", "admin", "every", "viewer", "other", "connector", "none", "unknown")
LARGE_BODY = "a large body"
#: Requests with what HTTP knows and no document names: one of each to every operation, with the key of an operator.
ODD: dict[str, dict[str, Any]] = {
    "an answer that is no file of ours": {"headers": {"Accept": "image/png"}},
    "the beginning of a file": {"headers": {"Range": "bytes=0-9"}},
    "what is behind its end": {"headers": {"Range": "bytes=999999999-"}},
    "no range": {"headers": {"Range": "bytes=x"}},
    "a file that has changed": {"headers": {"Range": "bytes=0-9", "If-Range": '"other"'}},
    "a file that has not changed": {"headers": {"If-None-Match": "*"}},
    "a long address": {"params": {"q": "x" * 20_000}},
    "large headers": {"headers": {"X-Large": "x" * 40_000}},
    "a body of another type": {"data": b"<a/>", "headers": {"Content-Type": "text/xml"}},
    "a packed body": {"data": b"x", "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"}},
    "no JSON": {"data": b"{", "headers": {"Content-Type": "application/json"}},
    LARGE_BODY: {"data": b" " * 300_000, "headers": {"Content-Type": "application/json"}},
}
DEAD_LETTER = """
    INSERT INTO dead_letters (
        account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
    VALUES ('acme', gen_random_uuid(), 'json', '{"code": "no_bytes", "parameters": {}}', $2, 0, $1, 0, '[]', 'x', 1)
"""
INCIDENT = """
    INSERT INTO incidents (account, kind, subject, state, severity, opened_at, changed_at, facts)
    VALUES ('acme', 'new_fault', '', 'open', 'warning', now(), now(), '{}') RETURNING incident_id
"""
REDRIVE = """
    INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by)
    VALUES ('acme', $1, 'running', 0, 1, '{}', 'maria')
"""
Known = Mapping[str, list[Any]]


@pytest.fixture
async def app(kafka_app: FastAPI, data_dir: Path) -> AsyncIterator[FastAPI]:
    """The admin app with Kafka, and with a directory for exports."""
    export_settings = ExportSettings(data_dir=data_dir, exports_kept=100)
    kafka_app.state.exports = ExportDesk(kafka_app.state.exports.database, export_settings)
    kafka_app.state.jobs = Jobs(kafka_app.state.exports)
    yield kafka_app
    await kafka_app.state.jobs.close()


@pytest.fixture
async def known(desk: Desk, operator: Caller, owner: asyncpg.Connection, broker_settings: BrokerSettings) -> Known:
    """Names of what is stored, by the parameter or field that takes them."""
    for type_ in BY_NAME:
        await desk.store(
            *(result(f"{type_}{n}", type_, key=f"SKU-{n}", processed_at=at(n)) for n in range(8)),
            result(f"{type_}-ok", type_, key="SKU-0", status="success", errors=None, processed_at=at(60)),
        )
    await desk.by_filter("done")
    await desk.answer(*await desk.send(), status="error")
    await desk.by_filter("open")
    for n in range(3):
        await owner.execute(DEAD_LETTER, n, broker_settings.topics.results("price"))
    redrives = [str(uuid.uuid4()) for _ in range(3)]
    for each in redrives:
        await owner.execute(REDRIVE, each)
    incident = await owner.fetchval(INCIDENT)
    exports = [await finished_export(operator, format_) for format_ in ("csv", "jsonl", "xlsx") for _ in range(3)]
    logs = [log for type_ in BY_NAME for log in (await operator.get(f"{API}/{type_}/logs")).json()["items"]]
    tokens = [(await operator.get(f"{API}/price/logs?page_size=2")).json()["next_page_token"]]
    return {
        "account": ["acme"],
        "integration_type": ["price"],
        "command_id": ["done", "open"],
        "export_id": exports,
        "log_id": [log["id"] for log in logs if log["integration_type"] == "price"],
        "log_ids": [[log["id"]] for log in logs],
        "fingerprint": sorted({log["fingerprint"] for log in logs} - {None}),
        "affiliate": ["MLB"],
        "owner": ["o"],
        "letter_id": [str(row["id"]) for row in await owner.fetch("SELECT id FROM dead_letters ORDER BY 1")],
        "redrive_id": redrives,
        "incident_id": [str(incident)],
        "action": ["pause", "resume", "cancel"],
        "all": ["true"],
        "value": ['{"account": "acme"}'],
        "code": ["price.minimum"],
        "q": ["SKU-1", "below"],
        "timezone": ["America/Sao_Paulo"],
        "processed_from": [at(0)],
        "processed_to": [at(3600)],
        "as_of": [at(3600)],
        "page_token": tokens,
        "DateAt": [at(0)[:10]],
    }


async def finished_export(operator: Caller, format_: str) -> str:
    asked = {"account": "acme", "integration_type": "price", "format": format_}
    answer = await operator.post("/commands/exports", json=asked)
    assert answer.status_code == 202, answer.text
    job = answer.json()

    async def done() -> bool:
        return bool((await operator.get(f"/commands/exports/acme/{job['id']}")).json()["state"] == "done")

    await eventually(done)
    return str(job["id"])


class Walk:
    """Requests to one operation after the other; every answer is held to the document."""

    def __init__(self, document: dict[str, Any], address: str, known: Known, keys: Mapping[str, str]) -> None:
        self.schema = schemathesis.openapi.from_dict(document)
        self.address = address
        models = document["components"]["schemas"].items()
        self.examples = {name: each.get("examples", [{}])[0] for name, each in models}
        self.known = known
        self.keys = {**keys, "unknown": "cnx_" + "0" * 32}
        self.statuses: dict[str, set[int]] = defaultdict(set)
        self.faults: dict[str, list[str]] = defaultdict(list)

    def run(self) -> None:
        """Ask every operation; those that take something away come last, so that the others find what they name."""
        operations: list[Any] = [found.ok() for found in self.schema.get_all_operations()]  # type: ignore[union-attr]
        with requests.Session() as session:
            for operation in sorted(operations, key=_takes_away):
                self._ask(operation, session)

    def _ask(self, operation: Any, session: requests.Session) -> None:
        @settings(
            max_examples=REQUESTS_PER_OPERATION,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data())
        def generated(data: st.DataObject) -> None:
            kind = data.draw(st.sampled_from(("real", "real", "valid", "wrong")))
            mode = GenerationMode.NEGATIVE if kind == "wrong" else GenerationMode.POSITIVE
            case = data.draw(operation.as_strategy(generation_mode=mode))
            self._name(data.draw, case, everything=kind == "real")
            self._send(case, session, data.draw(st.sampled_from(CALLERS)))

        generated()
        self._succeed(operation, session)
        for what, odd in ODD.items():
            if what == LARGE_BODY and "requestBody" not in operation.definition.raw:
                continue  # cut off by api.connection_limits, which may take the answer back
            case = operation.Case(path_parameters=self._first(operation.path_parameters), media_type="application/json")
            with requests.Session() as of_its_own:  # the server may close the connection after its answer
                self._send(case, of_its_own, "operator", what, **odd)

    def _succeed(self, operation: Any, session: requests.Session) -> None:
        """Ask with each stored name in turn until an answer is good: no operation is known by its refusals only."""
        names = [each.name for each in operation.path_parameters]
        for caller, *values in itertools.product(
            ("operator", "every"), *(self.known.get(name, ["csv"]) for name in names)
        ):
            if min(self.statuses[operation.label]) < 300:
                return
            case = operation.Case(
                path_parameters=dict(zip(names, values, strict=True)),
                query=self._first(each for each in operation.query if each.is_required or each.name == "all"),
                media_type="application/json",
            )
            if (example := self._example(operation)) is not None:
                case.media_type = next(iter(operation.definition.raw["requestBody"]["content"]))
                case.body = {name: self.known.get(name, [value])[0] for name, value in example.items()}
            self._send(case, session, caller)

    def _example(self, operation: Any) -> Any:
        """Return an example of the body's first form; None for an operation without a body."""
        body = operation.definition.raw.get("requestBody")
        if body is None:
            return None
        return self.examples[next(iter(body["content"].values()))["schema"]["$ref"].rpartition("/")[2]]

    def _first(self, parameters: Any) -> dict[str, Any]:
        return {each.name: self.known.get(each.name, ["csv"])[0] for each in parameters}

    def _name(self, draw: Any, case: Any, *, everything: bool) -> None:
        """Put what is stored in the place of generated names: in the path, or in all of the request."""
        case.path_parameters = self._named(draw, case.path_parameters or {})
        if everything:
            case.query = self._named(draw, case.query or {})
            if (example := self._example(case.operation)) is not None:
                case.body = self._named(draw, example)

    def _named(self, draw: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: draw(st.sampled_from(self.known[name])) if name in self.known else value
            for name, value in values.items()
        }

    def _send(self, case: Any, session: requests.Session, caller: str, what: str = "", **more: Any) -> None:
        request = case.as_transport_kwargs(base_url=self.address)
        request["headers"] = {**request["headers"], **more.pop("headers", {})}
        if caller != "none":
            request["headers"]["Authorization"] = f"Bearer {self.keys[caller]}"
        answer = session.request(**{**request, **more}, timeout=250)
        label, status = case.operation.label, answer.status_code
        self.statuses[label].add(status)
        faults = [f"{status}"] if status >= 500 else []
        if status >= 400 and answer.headers["Content-Type"] != "application/problem+json":
            faults.append("no problem document")
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as exc:
            faults.extend(f"{each.title}: {each.message}" for each in exc.exceptions)
        self.faults[label].extend(f"{what or repr(case)} by {caller}: {each}; {answer.text[:300]}" for each in faults)


def _takes_away(operation: Any) -> bool:
    """Return True for an operation that leaves less of what waits: letters are erased, or on their way again."""
    method, path = str(operation.method), str(operation.path)
    return method == "delete" or path.endswith(("/dead-letters/redrive", "/dead-letters/erase"))


async def test_every_operation_answers_as_its_document_says(app: FastAPI, known: Known, keys: dict[str, str]) -> None:
    async with served(app) as address:
        walk = Walk(app.openapi(), address, known, keys)
        await asyncio.to_thread(walk.run)
    assert {label: faults[:3] for label, faults in walk.faults.items() if faults} == {}
    # A parameter of a new name needs its values in `known`.
    assert {label for label, statuses in walk.statuses.items() if min(statuses) >= 300} == set()
    assert len(walk.statuses) == sum(len(methods) for methods in app.openapi()["paths"].values())
