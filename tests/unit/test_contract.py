"""The contract documents are those of the code, and their examples are true."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import conexoes
from api.settings import ApiSettings
from cli.documents.__main__ import ROOT, documents
from cli.documents.json_schemas import json_schemas
from cli.documents.settings_page import PAGES
from schemas.reprocess import ReprocessRequest, RetryData
from schemas.result import ResultData
from schemas.status_log import DeadLetter, ReprocessCommand, ReprocessItem, StatusLog


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_document_is_what_the_code_makes(path: Path) -> None:
    assert path.read_text("utf-8") == documents()[path], "run `make documents`"


@pytest.mark.parametrize("name", json_schemas())
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json_schemas()[name])


@pytest.mark.parametrize(
    "model", [ResultData, ReprocessRequest, RetryData, StatusLog, ReprocessCommand, ReprocessItem, DeadLetter]
)
def test_examples_are_valid(model: Any) -> None:
    schema = model.model_json_schema()
    for example in schema["examples"]:
        model.model_validate_json(json.dumps(example))
        Draft202012Validator(schema).validate(example)


def test_statuses_differ_by_type() -> None:
    schemas = json_schemas()
    for name, statuses in {"orders": ["success", "error"], "price": ["success", "warning", "error"]}.items():
        data = schemas[f"{name}-result"]["properties"]["data"]
        assert data["properties"]["status"]["enum"] == statuses


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8")))


def test_compose_runs_commands_that_exist_with_settings_that_exist() -> None:
    commands = {
        command.name or command.callback.__name__ for command in conexoes.app.registered_commands if command.callback
    }
    known = {
        f"{settings.model_config.get('env_prefix', '')}{name.upper()}"
        for _title, settings in PAGES
        for name in settings.model_fields
    }
    ours = {name: each for name, each in compose()["services"].items() if each["image"] == "conexoes"}
    assert set(ours) == {"migrate", "topics", "agents", "admin", "simulate"}
    for service in ours.values():
        assert service["command"][0] in commands
        assert set(service["environment"]) <= known
    assert ours["admin"]["ports"] == [f"127.0.0.1:{ApiSettings().http_port}:{ApiSettings().http_port}"]


def test_compose_takes_official_images_and_the_dockerfile_every_package() -> None:
    services = compose()["services"]
    assert {services["kafka"]["image"], services["postgres"]["image"]} == {"apache/kafka:4.4.0", "postgres:18"}
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    for package in (path.parent.name for path in ROOT.glob("*/__init__.py")):
        assert f"COPY {package} {package}" in dockerfile


def test_no_registry_is_named() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "maven" + ".org", "maven" + ".apache.org"]
    for path in ROOT.rglob("*"):
        private = {".venv", ".git", "node_modules", ".conexoes", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
        if path.is_file() and not private & set(path.relative_to(ROOT).parts) and path.stat().st_size < 2_000_000:
            text = path.read_bytes().decode("utf-8", "replace")
            assert not [host for host in hosts if host in text], path
