"""The README's commands, word for word, beside a running demo."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from cli.documents.__main__ import ROOT
from tests.acceptance.test_up import Installation
from tests.support.waiting import eventually

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def installation(data_dir: Path) -> Installation:
    return Installation(data_dir, backfill=3000)  # as a newcomer has it


async def shell(script: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_commands_do_what_the_readme_says(installation: Installation) -> None:
    async with installation.up(), installation.client() as client:
        here = [
            block.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{installation.http_port}").replace(
                "$(cat .conexoes/local.key)", installation.key
            )
            for block in BLOCKS
        ]
        looked, sent = here

        async def something_everywhere() -> bool:
            """The backfill of the demo is on its way when `up` is ready."""
            answers = [json.loads(line) for line in (await shell(_one_a_line(looked))).splitlines()]
            assert len(answers) == 5
            query = {"status": "error", "code": "item.price.below_minimum"}
            to_fix = await client.get("/api/v1/accounts/demo/price/logs", params=query)
            return all(answer.get("items") or answer.get("total") for answer in [*answers, to_fix.json()])

        await eventually(something_everywhere)
        accepted, timeline = (await shell(looked.split("curl")[0] + _one_a_line(sent))).splitlines()
        command = json.loads(accepted)

        async def done() -> bool:
            answer = await client.get(command["status_url"])
            return answer.status_code == 200 and answer.json()["items"] == {"fixed": 1}

        await eventually(done)
        assert "attempt" in {entry["kind"] for entry in json.loads(timeline)["items"]}


def _one_a_line(script: str) -> str:
    """Put each answer on a line of its own."""
    return re.sub(r"^curl ", "curl -w '\\n' ", script, flags=re.MULTILINE)


def test_the_example_is_the_one_that_is_tested() -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    tested = (ROOT / "conexoes_connector" / "example.py").read_text("utf-8")
    handler = example[example.index("async def update_price") : example.index("async def main")]
    assert handler.strip() in tested
    compile(example, "README.md", "exec")


def test_every_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"`make ([a-z]+)`", page.read_text("utf-8")):
            assert target in targets, f"{page.name}: make {target}"
