"""A walk of `returns`, which one entry of the catalogue has made a type, through everything that there is."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import openpyxl
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from typer.testing import CliRunner

from broker.settings import BrokerSettings
from cli.documents.__main__ import documents
from cli.export import request_of
from cli.main import app as command_line
from conexoes_connector.result_event import result_record
from connectors.simulator.plan import Plan, fault_of, outcome_data
from connectors.simulator.settings import SimulatorSettings
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.policy import Policy
from schemas.refusal import Refusal
from schemas.result import Result, read
from schemas.topics import Topics
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, Store, app_on
from tests.integration.pages.conftest import Visit
from tests.support.agents import produce, records, running_worker, stored
from tests.support.events import at, result
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

NAME = "returns"
HEADING = {"pt": "Devoluções", "en": "Returns", "es": "Devoluciones"}
KEY_HEADING = {"pt": "Código da devolução", "en": "Return code", "es": "Código de la devolución"}
LOGS = f"/api/v1/accounts/acme/{NAME}/logs"
#: A stream of events has no end; the page that it belongs to is walked.
ENDLESS = "/live"


def failed(number: int, **changes: Any) -> Any:
    return result(f"r{number}", NAME, key=f"RET-{number}", **{"processed_at": at(number), **changes})


def test_it_is_there() -> None:
    assert [each.name for each in CATALOGUE][-1] == NAME


def test_the_simulator_sends_it_and_answers_for_it() -> None:
    settings = SimulatorSettings(malformed_share=0.1, duplicate_share=0.1, error_share=0.5)
    made = islice(
        Plan(settings, Topics(), "r").records(datetime.now(UTC) - timedelta(days=1), timedelta(seconds=1)), 1200
    )
    of_it = [each for each in made if each.integration_type == NAME and not each.duplicate]
    assert len(of_it) > 100
    statuses = set()
    for each in of_it:
        record = each.record
        [one] = read(BY_NAME[NAME], record.headers, record.key, record.value or b"", time.time_ns())
        assert (one.code if isinstance(one, Refusal) else None) == each.refused
        statuses |= {one.status} if isinstance(one, Result) else set()
    assert statuses == {"success", "error"}
    keys = [f"SKU-{number:05}" for number in range(200)]
    assert {fault_of(NAME, "MLB", key).cure for key in keys} == {"fixed", "same", "different", "silent"}
    for number, key in enumerate(keys):
        data = outcome_data(NAME, "MLB", key, fault_of(NAME, "MLB", key), number)
        result_record(Topics(), NAME, {**data, "account": "demo", "affiliate": "MLB", "key": key}, source="/s")


def test_it_has_topics() -> None:
    assert {"p.results.returns", "p.retry.returns"} <= {name for name, _size in Topics(prefix="p").all()}


async def test_a_result_becomes_a_row_and_a_command_an_item(
    owner: asyncpg.Connection,
    reader: Database,
    writer: Database,
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    keys: dict[str, str],
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with (
        running_worker(broker_settings, storage_settings, data_dir),
        app_on(reader, writer, servers, broker_settings.topics) as app,
        Caller(app, keys["operator"]) as operator,
    ):
        await produce(servers, prefix, [failed(1), failed(2, status="success", errors=None)])
        await stored(owner, 2)
        [log] = (await operator.get(LOGS, params={"status": "error"})).json()["items"]
        assert (log["integration_type"], log["key"]) == (NAME, "RET-1")
        assert log["actions"][0]["allowed"]
        asked = {"account": "acme", "integration_type": NAME, "requested_by": "maria", "log_ids": [log["id"]]}
        accepted = await operator.post("/commands/reprocess", json=asked, headers={"Idempotency-Key": "k1"})
        assert accepted.status_code == 202, accepted.text
        [record] = await records(servers, broker_settings.topics.retry(NAME), 1)
        retry = json.loads(record.value)
        assert retry["type"] == "conexoes.returns.retry.v1"
        now_well: dict[str, Any] = {"status": "success", "errors": None, "processed_at": at(60)}
        answered = result("a1", NAME, key="RET-1", correlationid=retry["id"], **now_well)
        await produce(servers, prefix, [answered])

        async def fixed() -> bool:
            command = accepted.json()["command_id"]
            items = (await operator.get(f"/api/v1/accounts/acme/reprocess/{command}/items")).json()["items"]
            return [each["state"] for each in items] == ["fixed"]

        await eventually(fixed)


#: Ids of things that no type has: letters, entries of the playbook, incidents, channels, keys.
OF_ANY_TYPE = {"letter_id", "redrive_id", "entry_id", "incident_id", "channel_id", "rule_id", "window_id", "key_id"}


def page_addresses(app: FastAPI, values: dict[str, str]) -> Iterator[str]:
    """Every page of an account that there is a route for, at `values`; but those of one thing that is of any type."""
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if OF_ANY_TYPE & set(re.findall(r"\{(\w+)", path)):
            continue
        if path.startswith("/{account") and "GET" in (route.methods or ()) and not path.endswith(ENDLESS):
            yield re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], path)


@pytest.mark.parametrize("language", ["pt", "en", "es"])
async def test_every_page_shows_it(
    language: str,
    app: FastAPI,
    visit: Visit,
    store_events: Store,
    desk: Desk,
) -> None:
    await store_events(*(failed(number) for number in range(3)), failed(3, status="success", errors=None))
    browser = await visit("admin")
    browser.headers["Accept-Language"] = language
    listed = await browser.get(f"/acme/{NAME}", params={"open": "all", "wait": True})
    log_id = re.findall(r'data-detail="[^"]*/logs/([0-9a-f-]{36})"', listed.text)[0]
    assert await desk.command("c1", integration_type=NAME, log_ids=[log_id]) is None
    begun = await browser.post(
        f"/acme/{NAME}/export",
        data={
            "form_token": await browser.form_token(f"/acme/{NAME}/export"),
            "format": "xlsx",
            "language": language,
            "timezone": "UTC",
            "query": "",
        },
    )
    assert begun.status_code == 303, begun.text
    job = begun.headers["location"]

    async def made() -> bool:
        return (await browser.get(f"{job}/file")).status_code == 200

    await eventually(made)
    [fingerprint] = set(re.findall(r'id="group-([0-9a-f]{16})"', (await browser.get(f"/acme/{NAME}/groups")).text))
    values = {
        "account": "acme",
        "integration_type": NAME,
        "fingerprint": fingerprint,
        "log_id": log_id,
        "side": "request",
        "command_id": "c1",
        "file_format": "csv",
        "format": "csv",
        "export_id": job.rpartition("/")[2],
    }
    walked = 0
    for path in page_addresses(app, values):
        needed = {"what": "rest"} if path.endswith("/again") else {}
        of_logs = not {"reprocess", "dead-letters"} & set(path.split("/"))
        asked = {"wait": "true", "q": "RET-1", "open": "all"} if of_logs else {}
        for more in ({}, asked, {"status": "error"} if path.endswith(f"/{NAME}/reprocess") else {}):
            answer = await browser.get(path, params=needed | more)
            is_evidence = "/evidence/" in path and answer.status_code == 404  # these results have none
            is_kept_shut = path.endswith("/correct") and answer.status_code == 404  # the policy lets nobody edit
            # To the plan; to the only hit of a name.
            is_led_on = path.endswith(("/again", "/search")) and answer.status_code == 303
            is_expected = answer.status_code == 200 or is_evidence or is_kept_shut or is_led_on
            assert is_expected, (path, answer.status_code, answer.text)
        walked += 1
        if 'class="side"' in answer.text and answer.headers["content-type"].startswith("text/html"):
            assert HEADING[language] in answer.text, path
    assert walked > 15
    assert KEY_HEADING[language] in listed.text
    assert "RET-2" in listed.text
    row = await browser.get(f"/acme/{NAME}/reprocess", params={"log_id": log_id})
    assert row.status_code == 200


async def test_the_api_answers_for_it(operator: Caller, store_events: Store, tmp_path: Path) -> None:
    await store_events(*(failed(number) for number in range(3)), failed(3, status="success", errors=None))
    [entry] = [
        each for each in (await operator.get("/api/v1/integration-types")).json()["items"] if each["name"] == NAME
    ]
    assert entry["labels"] == HEADING
    logs = (await operator.get(LOGS)).json()["items"]
    assert [each["key"] for each in logs] == ["RET-3", "RET-2", "RET-1", "RET-0"]
    assert (await operator.get(f"{LOGS}/{logs[0]['id']}")).status_code == 200
    assert len((await operator.get(f"{LOGS}/{logs[0]['id']}/timeline")).json()["items"]) == 1
    assert (await operator.get(f"{LOGS}/summary")).json()["by_status"] == {"success": 1, "error": 3}
    [group] = (await operator.get(f"{LOGS}/groups")).json()["items"]
    assert group["logs"] == 3
    [named] = (await operator.get("/api/v1/accounts/acme/search", params={"q": "RET-1"})).json()["items"]
    assert named["integration_type"] == NAME
    plan = await operator.get(f"/api/v1/accounts/acme/{NAME}/reprocess-plan", params={"status": "error"})
    assert plan.status_code == 200, plan.text
    csv = await operator.get(f"{LOGS}/export.csv", params={"language": "pt"})
    assert csv.content.decode("utf-8-sig").startswith(f"{KEY_HEADING['pt']};")
    jsonl = await operator.get(f"{LOGS}/export.jsonl")
    assert [json.loads(line)["integration_type"] for line in jsonl.text.splitlines()] == [NAME] * 4
    workbook = tmp_path / "x.xlsx"
    workbook.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    assert openpyxl.load_workbook(workbook)["Logs"]["A1"].value == KEY_HEADING["en"]


def test_its_documents_are_made() -> None:
    made = {path.name: text for path, text in documents().items()}
    assert {"returns-result.json", "returns-retry.json"} <= set(made)
    assert "conexoes.returns.result.v1" in made["asyncapi.json"]
    assert '"returns"' in made["openapi.json"]
    assert "| `returns` | Devoluções | Returns | Devoluciones |" in made["glossary.md"]


def test_the_command_line_knows_it(tmp_path: Path) -> None:
    for command in ("export", "reprocess"):
        shown = CliRunner().invoke(command_line, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert NAME in shown.output
    assert request_of(tmp_path / "x.csv", account="acme", integration_type=NAME, filter={}).integration_type == NAME


def test_a_policy_may_name_it() -> None:
    policy = Policy.model_validate({NAME: {"MLB": {"reprocessable": False}}})
    assert not policy.for_(NAME, "MLB").reprocessable
    assert policy.for_(NAME, "AMZ").reprocessable
