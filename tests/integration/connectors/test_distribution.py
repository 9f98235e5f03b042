"""The SDK as a connector team gets it: a wheel in an environment with nothing else of ours."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from tests.integration.connectors.test_connector import read_back, send_retry
from tests.support.agents import records

UV = Path(sys.executable).with_name("uv")
MAX_PACKAGES = 10
#: A connector that emits a result, answers one retry and ends.
CONNECTOR = """
import asyncio, logging, sys
from conexoes_connector import Answer, Connector, InvalidResultError, Retry, Security, serve_retries

async def main(servers, prefix):
    logging.basicConfig(level=logging.INFO)
    stop = asyncio.Event()

    async def update(retry):
        asyncio.get_running_loop().call_soon(stop.set)
        return Answer(status="success", message=f"{retry.data.key} sent again")

    async with Connector(servers, source="/connectors/alone", topic_prefix=prefix, security=Security()) as connector:
        try:
            await connector.emit("price", account="ACME", affiliate="MLB", key="SKU-1", status="error")
        except InvalidResultError as exc:
            print(exc)
        await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="error", message="não")
        await serve_retries(connector, {"price": update}, affiliates={"MLB"}, group=prefix, stop=stop)

asyncio.run(main(*sys.argv[1:]))
"""


def uv(*arguments: str | Path) -> str:
    """Run uv. The packages are those of this environment's lock: uv has them, or the registry gives the same ones."""
    quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    ended = subprocess.run([UV, *arguments], capture_output=True, text=True, timeout=240, check=False, env=quiet)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("dist")
    building: list[str | Path] = [
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        into,
    ]
    uv("build", "--quiet", *building, ROOT / "conexoes_connector")
    [made] = into.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that has the wheel and what it needs, in the versions of our lock."""
    pins = tmp_path_factory.mktemp("pins") / "pins.txt"
    pinned = re.findall(r"^([\w.-]+==[\w.-]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    pins.write_text("\n".join(pinned), "utf-8")
    environment = tmp_path_factory.mktemp("alone")
    uv("venv", "--quiet", "--python", sys.executable, environment)
    uv("pip", "install", "--quiet", "--python", environment / "bin/python", "--constraint", pins, wheel)
    return environment / "bin" / "python"


def test_it_is_few_packages_and_one_name(python: Path) -> None:
    packages = [each["name"] for each in json.loads(uv("pip", "list", "--format=json", "--python", python))]
    assert len(packages) <= MAX_PACKAGES, packages
    [site] = python.parents[1].glob("lib/python3*/site-packages")
    ours = {path.name for path in site.iterdir() if path.name.startswith("conexoes") or path.name in OURS}
    assert {name for name in ours if not name.endswith(".dist-info")} == {"conexoes_connector"}


#: Top-level names of the product, none of which the SDK may take.
OURS = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}


def test_it_needs_nothing_of_the_server_and_is_typed(wheel: Path, python: Path) -> None:
    text = subprocess.run(["unzip", "-l", wheel], capture_output=True, text=True, check=True).stdout
    assert "conexoes_connector/py.typed" in text
    for foreign in ("simulator", "webhook", "storage", "hatch_build", "pyproject"):
        assert foreign not in text
    every = (
        "import importlib, pkgutil, conexoes_connector as sdk;"
        "[importlib.import_module(each.name) for each in pkgutil.walk_packages(sdk.__path__, 'conexoes_connector.')]"
    )
    subprocess.run([python, "-W", "error", "-c", every], check=True, cwd="/")


def test_its_versions_are_the_products() -> None:
    ours, theirs = (
        tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
        for folder in (".", "conexoes_connector")
    )
    assert (ours["version"], ours["requires-python"]) == (theirs["version"], theirs["requires-python"])
    named = {re.split(r"[<>=]", each)[0] for each in ours["dependencies"]}
    assert {re.split(r"[<>=]", each)[0] for each in theirs["dependencies"]} <= named


async def test_it_emits_a_result_and_answers_a_retry(
    python: Path, broker_settings: BrokerSettings, tmp_path: Path
) -> None:
    item = await send_retry(broker_settings)
    servers = str(broker_settings.kafka_bootstrap_servers)
    process = await asyncio.create_subprocess_exec(
        python, "-c", CONNECTOR, servers, broker_settings.topic_prefix, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0
    assert b"data.account" in said
    found: list[Any] = [read_back(each) for each in await records(servers, broker_settings.topics.results("price"), 2)]
    assert [(each.status, each.message, each.source) for each in found] == [
        ("error", "não", "/connectors/alone"),
        ("success", "SKU-1 sent again", "/connectors/alone"),
    ]
    assert str(found[1].correlation_id) == item
