"""`conexoes fingerprint`: the same fingerprints as those that are stored, with what was kept and replaced."""

import json
import re
import shlex

import pytest
from typer.testing import CliRunner

from cli.documents.__main__ import ROOT
from cli.installation import UnusableError
from cli.main import app
from schemas.fingerprint import fingerprint


def run(*arguments: str, read: str | None = None) -> str:
    ran = CliRunner().invoke(app, ["fingerprint", *arguments], input=read, catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


def test_the_page_shows_what_it_prints() -> None:
    page = (ROOT / "docs" / "equal-errors.md").read_text("utf-8")
    command, printed = re.findall(r"```console\n\$ conexoes fingerprint ((?:.*\\\n)*.*)\n([^`]*)```", page)[0]
    assert run(*shlex.split(command.replace("\\\n", " "))) == printed


def test_a_text_alone_is_its_fingerprint() -> None:
    given = ["--type", "price", "--affiliate", "MLB", "--code", "c", "--key", "SKU-1"]
    assert run("No price for SKU-1", *given) == fingerprint("price", "MLB", "c", "No price for SKU-1", "SKU-1") + "\n"


def test_standard_input_is_one_text() -> None:
    text = '{"status": 401,\n "message": "no\\nentry"}\n'
    assert run(read=text) == fingerprint("", "", None, text) + "\n"


def test_json_is_a_document_for_each_text() -> None:
    first, second = map(json.loads, run("--json", "--explain", "Erro 401: SKU 12", "x").splitlines())
    assert first == {
        "fingerprint": fingerprint("", "", None, "Erro 401: SKU 12"),
        "words": "erro 401 sku #",
        "kept": [{"part": "code", "text": "401"}],
        "replaced": [{"part": "number", "text": "12"}],
    }
    assert (second["words"], second["kept"]) == ("x", [])
    assert json.loads(run("--json", "x")) == {"fingerprint": second["fingerprint"]}


@pytest.mark.parametrize("arguments", [["--explain"], ["x", "--type", "prices"]])
def test_what_is_missing_or_wrong_is_a_sentence(arguments: list[str]) -> None:
    with pytest.raises(UnusableError):
        CliRunner().invoke(app, ["fingerprint", *arguments], input=" \n", catch_exceptions=False)
