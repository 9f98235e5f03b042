"""The commands of docs/connectors.md, word for word, with the curl of this machine."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from storage.settings import StorageSettings
from tests.support.agents import running_worker
from tests.support.served import served
from tests.support.waiting import eventually

FIRST, BATCH, DRY_RUN = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/connectors.md").read_text("utf-8"), re.DOTALL)


async def shell(script: str) -> list[Any]:
    """Run commands, and return the JSON that each curl of them prints."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    decoder, text, found = json.JSONDecoder(), out.decode(), []
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


async def test_a_newcomer_with_curl_sees_a_first_result_in_three_commands(
    kafka_app: FastAPI,
    keys: dict[str, str],
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
) -> None:
    async with served(kafka_app) as address, running_worker(broker_settings, storage_settings, data_dir):

        def here(script: str) -> str:
            return script.replace("http://127.0.0.1:8080", address).replace("$(cat .conexoes/local.key)", keys["every"])

        assert len(FIRST.replace("\\\n", "").strip().splitlines()) == 3
        begin, post, look = here(FIRST).replace("\\\n", "").strip().splitlines()
        assert await shell(f"{begin}\n{post}") == [{"accepted": 1, "ids": ["1"]}]

        async def is_there() -> bool:
            [page] = await shell(f"{begin}\n{look}")
            return [(each["key"], each["status"]) for each in page["items"]] == [("SKU-1", "error")]

        await eventually(is_there)
        assert await shell(f"{begin}\n{here(BATCH)}") == [{"accepted": 1, "ids": ["2"]}]
        [checked] = await shell(f"{begin}\n{here(DRY_RUN)}")
        assert [each["refusal"]["code"] for each in checked["events"]] == ["envelope"]
