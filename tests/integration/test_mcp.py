"""`conexoes mcp`, by the SDK's own client over stdio, with an admin process, agents, and a connector that answers."""

import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from embedded.ports import free_port
from mcp_server.tools import TOOLS
from schemas.policy import Policy
from storage import access_keys
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.curing import curing
from tests.support.events import result, with_evidence
from tests.support.learned import an_incident
from tests.support.opened import opened
from tests.support.processes import conexoes
from tests.support.served import until_alive

#: Digits that a parsed value would lose.
PRICE = "19.90"
GROUP = 8
#: Logs whose request is wrong itself: it is corrected.
WRONG = ("SKU-X", "SKU-Y")
CORRECTED = "24.90"
POLICY = {"price": {"*": {"editable": ["/price"]}}}


class Assistant:
    """An assistant's client, which counts its calls. The SDK holds each answer to its tool's schema."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.calls = 0

    async def call(self, tool: str, **arguments: Any) -> Any:
        """The answer of a tool."""
        self.calls += 1
        found = await self.client.call_tool(tool, arguments)
        assert not found.is_error, found.content
        [text] = found.content
        assert json.loads(text.text) == found.structured_content  # type: ignore[union-attr]
        return found.structured_content

    async def followed(self, command_id: str, **arguments: Any) -> Any:
        """A command that is over. On a slow machine one call may not wait long enough; all of them count as one."""
        calls, over = self.calls, None
        while over is None or not over["over"]:
            over = await self.call("follow_command", command_id=command_id, wait_seconds=45, **arguments)
        self.calls = calls + 1
        return over

    async def refusal(self, tool: str, **arguments: Any) -> str:
        found = await self.client.call_tool(tool, arguments)
        assert found.is_error, found.structured_content
        assert found.structured_content is None
        [text] = found.content
        return str(text.text)  # type: ignore[union-attr]


@asynccontextmanager
async def installation(broker: BrokerSettings, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """An admin process. Gives its address."""
    port = free_port()
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": str(broker.kafka_bootstrap_servers),
        "TOPIC_PREFIX": broker.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path / "data"),
        "HTTP_PORT": str(port),
        "POLICY": json.dumps(POLICY),
    }
    async with conexoes("admin", log=tmp_path / "admin.log", **settings):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await until_alive(client)
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def assistant(url: str, key: Path, *options: str, mode: str = "auto") -> AsyncIterator[Assistant]:
    """An assistant that has started `conexoes mcp` with the key in a file. `mode`: `legacy` is the older handshake."""
    environment = {"CONEXOES_MCP_URL": url, "CONEXOES_MCP_KEY_FILE": str(key)}
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "cli", "mcp", *options], env=environment, cwd=ROOT
    )
    with key.with_suffix(".log").open("w") as log:
        async with Client(stdio_client(parameters, errlog=log), mode=mode) as client:
            yield Assistant(client)


@pytest.fixture
async def keys(database_url: str, tmp_path: Path) -> dict[str, Path]:
    """Files of keys by role or owner."""
    files = {}
    async with opened(database_url, "owner") as owning:
        for name, account, role in (
            ("operator", "acme", "operator"),
            ("viewer", "acme", "viewer"),
            ("other", "globex", "admin"),
            ("every", "*", "admin"),
        ):
            files[name] = tmp_path / f"{name}.key"
            files[name].write_text(await access_keys.create(owning, account, role, f"the {name}"))  # type: ignore[arg-type]
    return files


@pytest.mark.law
async def test_an_assistant_cures_a_group_and_may_no_more_than_its_key(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
    keys: dict[str, Path],
) -> None:
    of_price = {"integration_type": "price"}
    sent = f'{{"price": {PRICE}, "title": "a"}}'
    failures = [with_evidence(result(f"e{n}", key=f"SKU-{n}"), sent) for n in range(GROUP)]
    none: dict[str, Any] = {"message": "No such category", "errors": [{"code": "category", "message": "none"}]}
    failures += [with_evidence(result(f"of {key}", key=key, **none), sent) for key in WRONG]
    async with (
        running_worker(broker_settings, storage_settings, data_dir, Policy.model_validate(POLICY)),
        curing(broker_settings) as retries,
        installation(broker_settings, database_url, tmp_path) as url,
    ):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, failures)
        await stored(owner, GROUP + len(WRONG))

        async with assistant(url, keys["operator"]) as one:
            fingerprint = await _cure(one)
            await _correct(one)
        assert len(retries) == GROUP + len(WRONG)
        corrected = f'"request":{sent.replace(PRICE, CORRECTED)}'.encode()
        assert all(corrected in each for each in retries[GROUP:])

        await an_incident(owner)
        async with assistant(url, keys["viewer"]) as viewer:
            await _every_answer(viewer, owner, fingerprint)

        async with assistant(url, keys["other"]) as stranger:
            assert await stranger.call("list_logs", **of_price) == {
                "items": [],
                "next_page_token": None,
                "not_found": [],
            }
            for tool in ("list_logs", "list_groups", "count_logs"):
                assert (await stranger.refusal(tool, account="acme", **of_price)).startswith("404 not-found")

        async with assistant(url, keys["every"], "--read-only", mode="legacy") as reader:
            assert [each.name for each in (await reader.client.list_tools()).tools] == [
                each.name for each in TOOLS if not each.writes
            ]
            assert "read-only" in await reader.refusal("cancel_command", account="acme", command_id="c", reason="r")
            assert "for every account" in await reader.refusal("count_logs", **of_price)
            assert (await reader.call("count_logs", account="acme", **of_price))["total"] == GROUP + len(WRONG)
    assert await owner.fetchval("SELECT count(*) FROM reprocess_commands") == 3


async def _cure(one: Assistant) -> str:
    """Ten calls from `what fails?` to `all of it is cured`, and then what is refused. Returns the fingerprint."""
    of_price = {"integration_type": "price"}
    group, left = (await one.call("list_groups", **of_price, filter={"status": ["error"]}))["items"]
    assert (group["logs"], left["logs"], group["cure"]["tried"]) == (GROUP, len(WRONG), 0)
    of_group = {"filter": {"fingerprint": [group["fingerprint"]], "status": ["error"]}}
    sample = await one.call("get_log", **of_price, log_id=group["sample"]["log_id"])
    assert f'"price": {PRICE}' in sample["log"]["last_attempt"]["request"]
    stale = await one.call("plan_reprocess", **of_price, **of_group)
    assert (stale["verdicts"]["will_send"], stale["steps"]) == (GROUP, [4])
    of_sample = {"log_id": sample["log"]["id"], "updated_at": sample["log"]["updated_at"], "reason": "try one"}
    tried = await one.call("reprocess_log", **of_price, **of_sample)
    done = await one.followed(tried["command_id"])
    assert (done["command"]["state"], done["command"]["items"]) == ("done", {"fixed": 1})
    assert done["command"]["requested_by"] == "the operator, by an assistant"
    plan = await one.call("plan_reprocess", **of_price, **of_group)
    many = {
        **of_price,
        "filter": plan["filter"],
        "as_of": plan["as_of"],
        "will_send": plan["verdicts"]["will_send"],
        "reason": "one of them was fixed",
    }
    given = await one.call("reprocess_logs", **many)
    whole = await one.followed(given["command_id"], items=True)
    assert (whole["command"]["state"], whole["command"]["items"]) == ("done", {"fixed": GROUP - 1})
    assert whole["command"]["pace"]["steps"] == [3]
    assert {each["state"] for each in whole["items"]} == {"fixed"}
    counts = await one.call("count_logs", **of_price, filter={"status": ["error"]})
    assert (counts["total"], counts["by_code"]) == (len(WRONG), {"category": len(WRONG)})
    assert one.calls <= 10

    # The same calls again are the same commands, though the logs and the plan have changed since by their effect.
    assert (await one.call("reprocess_log", **of_price, **of_sample))["command"]["id"] == tried["command_id"]
    assert (await one.call("reprocess_logs", **many))["repeated"] is True
    assert "has changed since" in await one.refusal("reprocess_log", **of_price, **{**of_sample, "reason": "again"})
    late = {"filter": stale["filter"], "as_of": stale["as_of"], "will_send": GROUP, "reason": "by the first plan"}
    assert "Nothing of it would be sent" in await one.refusal("reprocess_logs", **of_price, **late)
    over = await one.refusal("cancel_command", command_id=given["command_id"], reason="too late")
    assert over.startswith("409 over: ")
    assert "filter" in await one.refusal("plan_reprocess", **of_price, filter={})
    assert (await one.refusal("list_logs", **of_price, page_token="x")).startswith("400 ")
    return str(group["fingerprint"])


async def _correct(one: Assistant) -> None:
    """Correct what was sent as the plan shows it, where the policy allows it, or not at all."""
    of_price = {"integration_type": "price"}
    logs = (await one.call("list_logs", **of_price, filter={"status": ["error"]}))["items"]
    assert {each["key"] for each in logs} == {*WRONG}
    read = await one.call("get_log", **of_price, log_id=logs[0]["id"])
    assert read["log"]["editable"] == ["/price"]

    def wanted(pointer: str, value: str) -> list[dict[str, Any]]:
        return [{"log_id": each["id"], "changes": [{"pointer": pointer, "value": value}]} for each in logs]

    for pointer, value, why in (
        ("/title", '"b"', "the policy does not allow it"),
        ("/price", '"24.90"', "the new value is"),
        ("/price", PRICE, "Nothing was changed"),
        ("/absent", "1", "has no field /absent"),
    ):
        plan = await one.call("plan_correction", **of_price, corrections=wanted(pointer, value))
        assert (plan["will_send"], plan["steps"]) == (0, [])
        for each in plan["logs"]:
            editable = ["/price"] if pointer != "/price" else []
            assert (each["differences"], each["editable"], each["editable_fields"]) == ([], editable, len(editable))
            assert why in each["refused"][0]
    plan = await one.call("plan_correction", **of_price, corrections=wanted("/price", CORRECTED))
    assert (plan["will_send"], plan["steps"]) == (len(WRONG), [1])
    absent: dict[str, Any] = {"log_id": str(uuid.uuid4()), "changes": [{"pointer": "/price", "value": CORRECTED}]}
    for of_logs in ([], wanted("/price", CORRECTED)):
        without = await one.call("plan_correction", **of_price, corrections=[absent, *of_logs])
        assert (without["will_send"], without["as_of"] is None) == (len(of_logs), not of_logs)
        assert without["logs"][0]["log_id"] == absent["log_id"]
        assert without["logs"][0]["refused"][0].startswith("404 ")
    difference = {"pointer": "/price", "before": PRICE, "after": CORRECTED}
    assert [each["differences"] for each in plan["logs"]] == [[difference]] * len(WRONG)
    corrections = [{name: each[name] for name in ("log_id", "event_id", "differences")} for each in plan["logs"]]
    many = {**of_price, "corrections": corrections, "as_of": plan["as_of"], "reason": "the price was wrong"}
    # It sends what was seen, and nothing else.
    for other, why in (
        ({"before": CORRECTED}, "not the one that the plan showed"),
        ({"pointer": "/title", "before": '"a"', "after": '"b"'}, "the policy does not allow it"),
    ):
        unseen = {**corrections[1], "differences": [difference | other]}
        assert why in await one.refusal("correct_logs", **many | {"corrections": [corrections[0], unseen]})
    missing = {**corrections[0], "log_id": absent["log_id"]}
    refused = await one.refusal("correct_logs", **many | {"corrections": [missing]})
    assert refused.startswith(f"{absent['log_id']}: 404 ")
    another = [{**each, "event_id": "of another"} for each in corrections]
    assert "has changed since the plan" in await one.refusal("correct_logs", **many | {"corrections": another})
    assert "a canary" in await one.refusal("correct_logs", **many, steps=[2])
    given = await one.call("correct_logs", **many)
    whole = await one.followed(given["command_id"], items=True)
    assert (whole["command"]["state"], whole["command"]["items"]) == ("done", {"fixed": len(WRONG)})
    assert (whole["command"]["mode"], whole["command"]["pace"]["steps"]) == ("replay", [1])
    assert whole["command"]["requested_by"] == "the operator, by an assistant"
    assert [each["corrections"] for each in whole["items"]] == [[difference]] * len(WRONG)
    again = await one.call("correct_logs", **many)
    assert (again["command_id"], again["repeated"]) == (given["command_id"], True)
    late = await one.refusal("correct_logs", **many | {"reason": "once more"})
    assert "has changed since the plan" in late


async def _every_answer(viewer: Assistant, owner: asyncpg.Connection, fingerprint: str) -> None:
    """Every tool that reads answers a viewer, as its schema says; none that writes does."""
    log = await owner.fetchrow("SELECT id, updated_at FROM status_logs WHERE key = 'SKU-X'")
    command = await owner.fetchval("SELECT id FROM reprocess_commands LIMIT 1")
    assert log is not None
    of_log = {"integration_type": "price", "log_id": str(log["id"])}
    arguments: dict[str, dict[str, Any]] = {
        "find_entity": {"q": "sku-x"},
        "get_log": of_log,
        "list_dead_letters": {},
        "list_incidents": {"state": ["escalated", "resolved"]},  # agents judge it meanwhile
        "why_incident": {"incident_id": 1},
        "why_group": {"integration_type": "price", "fingerprint": fingerprint},
        "plan_reprocess": {"integration_type": "price", "filter": {"status": ["error"]}},
        "follow_command": {"command_id": command, "items": True},
    }
    listed = {each.name: each for each in (await viewer.client.list_tools()).tools}
    assert list(listed) == [each.name for each in TOOLS]
    answers = {
        each.name: await viewer.call(each.name, **arguments.get(each.name, {"integration_type": "price"}))
        for each in TOOLS
        if not each.writes and each.name != "plan_correction"
    }
    assert [each["key"] for each in answers["find_entity"]["items"]] == ["SKU-X"]
    assert [each["incident_id"] for each in answers["list_incidents"]["items"]] == [1]
    for name in ("why_incident", "why_group"):
        assert (answers[name]["integration_type"], answers[name]["evidence"]) == ("price", "not_permitted")
    assert (await viewer.refusal("why_incident", incident_id=2)).startswith("404 ")
    corrections = [{"log_id": str(log["id"]), "changes": [{"pointer": "/price", "value": "1"}]}]
    blind = await viewer.refusal("plan_correction", integration_type="price", corrections=corrections)
    assert "may not see evidence" in blind
    assert answers["get_log"]["log"]["last_attempt"]["evidence"] == "not_permitted"
    attempts = [each["attempt"] for each in answers["get_log"]["timeline"] if each["kind"] == "attempt"]
    assert [each["request"] for each in attempts] == [None, None]
    assert answers["count_results_over_time"]["total"] == 2 * (GROUP + len(WRONG))
    seen = {"reason": "as a viewer", "updated_at": log["updated_at"].isoformat()}
    refused = await viewer.refusal("reprocess_log", **of_log, **seen)
    assert refused.startswith("403 not-permitted: ")
    assert (await viewer.refusal("cancel_command", command_id=command, reason="as a viewer")).startswith("403 ")
