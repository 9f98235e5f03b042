"""`conexoes up`, as a newcomer starts it: ready, demo results, a reprocess, Ctrl-C, and again with the data kept."""

import asyncio
import json
import signal
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, get_args

import httpx
import psutil
import pytest

from connectors.simulator.marketplace import Way
from connectors.simulator.marketplaces import MARKETPLACES
from connectors.simulator.plan import SOURCE
from embedded.ports import free_port
from schemas.catalogue import CATALOGUE
from tests.support.processes import conexoes, end
from tests.support.waiting import eventually

KEY = "cnx_acceptance_" + uuid.uuid4().hex


class Installation:
    """Ports and a directory of a test's own."""

    def __init__(self, data_dir: Path, backfill: int = 1500) -> None:
        self.data_dir = data_dir
        self.backfill = backfill
        self.log = data_dir.parent / "up.log"
        self.http_port = free_port()
        self.kafka_port = free_port()
        self.key = KEY

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATA_DIR": str(self.data_dir),
            "HTTP_PORT": str(self.http_port),
            "KAFKA_PORT": str(self.kafka_port),
            "BOOTSTRAP_KEY": KEY,
            "SIMULATE_BACKFILL": str(self.backfill),
        }

    @asynccontextmanager
    async def up(self, *options: str) -> AsyncIterator[Process]:
        """Running, and ready."""
        self.log.write_text("")
        async with conexoes("up", *options, log=self.log, **self.settings) as process:

            async def ready() -> bool:
                assert process.returncode is None, self.log.read_text()
                return "ready: " in self.log.read_text()

            await eventually(ready, 120)
            yield process

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.http_port}", headers={"Authorization": f"Bearer {KEY}"}, timeout=20
        )


@pytest.fixture
def installation(data_dir: Path) -> Installation:
    return Installation(data_dir)


async def logs(client: httpx.AsyncClient, integration_type: str, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"/api/v1/accounts/demo/{integration_type}/logs", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_newcomer_sees_results_sends_one_back_and_finds_everything_again(installation: Installation) -> None:
    async with installation.up() as process, installation.client() as client:

        async def results_of_all_types() -> bool:
            return all([await logs(client, each.name) for each in CATALOGUE])

        await eventually(results_of_all_types)

        async def results_by_every_way() -> bool:
            """The sources of three connectors, of which each has its own way to us."""
            found = [await logs(client, "price", affiliate=each.affiliate) for each in MARKETPLACES]
            return all(found)

        assert {each.way for each in MARKETPLACES} == set(get_args(Way))
        await eventually(results_by_every_way)
        for marketplace in MARKETPLACES:
            [log, *_] = await logs(client, "price", affiliate=marketplace.affiliate)
            attempt = (await client.get(f"/api/v1/accounts/demo/price/logs/{log['id']}")).json()["last_attempt"]
            assert attempt["source"] in {marketplace.source, SOURCE}  # retries are answered by one for all

        async def a_price_to_fix() -> list[dict[str, Any]]:
            return await logs(client, "price", status="error", code="item.price.below_minimum")

        [failed, *_] = await eventually(a_price_to_fix)
        body = {
            "account": "demo",
            "integration_type": "price",
            "requested_by": "newcomer",
            "reason": "try it",
            "log_ids": [failed["id"]],
        }
        accepted = await client.post("/commands/reprocess", json=body, headers={"Idempotency-Key": "first"})
        assert accepted.status_code == 202, accepted.text
        at_once = await client.get(accepted.json()["status_url"])
        assert at_once.json()["state"] in {"accepted", "running", "done"}
        again = await client.post("/commands/reprocess", json=body, headers={"Idempotency-Key": "first"})
        assert (again.status_code, again.json()) == (202, accepted.json())

        async def done() -> dict[str, Any] | None:
            answer = await client.get(accepted.json()["status_url"])
            return answer.json() if answer.status_code == 200 and answer.json()["state"] == "done" else None

        command = await eventually(done)
        assert command is not None
        assert command["items"] == {"fixed": 1}
        log = (await client.get(f"/api/v1/accounts/demo/price/logs/{failed['id']}")).json()
        assert (log["status"], log["reprocess"]["state"]) == ("success", "fixed")
        timeline = (await client.get(f"/api/v1/accounts/demo/price/logs/{failed['id']}/timeline")).json()["items"]
        steps = [entry.get("step", entry["kind"]) for entry in timeline]
        # The connector's clock may say that it had worked before Kafka told us that it has the retry.
        assert [steps[0], {*steps[1:3]}, steps[3]] == ["answered", {"attempt", "sent"}, "requested"]
        [answer] = [each["attempt"] for each in timeline[1:3] if each["kind"] == "attempt"]
        assert answer["answers_item_id"] == timeline[0]["item_id"]
        found = (await client.get("/api/v1/accounts/demo/search", params={"q": failed["key"]})).json()["items"]
        assert failed["id"] in [each["id"] for each in found]
        assert (await client.get("/api/v1/accounts/demo/dead-letters")).status_code == 200
        addresses = await _doctor_json(installation)
        assert addresses["http"] == f"http://127.0.0.1:{installation.http_port}"
        assert addresses["kafka"] == f"127.0.0.1:{installation.kafka_port}"
        assert await end(process, signal.SIGINT) == 0
    async with installation.up("--no-demo") as process, installation.client() as client:
        log = (await client.get(f"/api/v1/accounts/demo/price/logs/{failed['id']}")).json()
        assert log["reprocess"]["state"] == "fixed"
        assert await end(process, signal.SIGINT) == 0
    assert "Traceback" not in installation.log.read_text()


async def _doctor_json(installation: Installation) -> dict[str, str]:
    log = installation.log.with_name("doctor.json")
    async with conexoes("doctor", "--json", log=log, **installation.settings) as process:
        assert await asyncio.wait_for(process.wait(), 60) == 0
    return dict(json.loads(log.read_text()))


async def test_a_killed_agents_process_is_started_again(installation: Installation) -> None:
    async with installation.up("--no-demo") as process:

        def agents() -> list[psutil.Process]:
            children = psutil.Process(process.pid).children(recursive=True)
            alive = [each for each in children if each.status() != psutil.STATUS_ZOMBIE]
            return [each for each in alive if each.cmdline()[-1:] == ["agents"]]

        [first] = agents()
        first.kill()

        async def another() -> bool:
            with suppress(psutil.Error):  # one that ends while we look
                return bool(agents()) and agents()[0].pid != first.pid
            return False

        await eventually(another)
        assert await end(process, signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("name", "setting"), [("http_port", "CONEXOES_HTTP_PORT"), ("kafka_port", "CONEXOES_KAFKA_PORT")]
)
async def test_a_port_in_use_is_a_sentence_that_names_the_setting(
    installation: Installation, name: str, setting: str
) -> None:
    taken = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", getattr(installation, name))
    async with taken, conexoes("up", log=installation.log, **installation.settings) as process:
        assert await asyncio.wait_for(process.wait(), 60) == 1
    said = installation.log.read_text()
    assert setting in said
    assert "Traceback" not in said
