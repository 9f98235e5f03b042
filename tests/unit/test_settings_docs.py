"""docs/settings.md has every setting, as it is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from cli.documents.__main__ import ROOT
from cli.documents.settings_page import PAGES, default, settings_page, takes, variable
from cli.lazy_group import COMMANDS, command_of
from cli.settings_errors import sentences
from outbound.sealed import new_key
from schemas.settings import FILE, Settings, is_secret
from storage.settings import StorageSettings

FIELDS: list[tuple[type[Settings], str]] = [
    (settings, name) for _title, settings in PAGES for name in settings.model_fields
]
SECRETS = [(settings, name) for settings, name in FIELDS if is_secret(settings.model_fields[name])]
ROWS = re.findall(r"^\| `(CONEXOES_[A-Z_]+)` \| (.+?) \| (.+?) \| (.+) \|$", settings_page(), re.MULTILINE)
SETTING = re.compile(r"\bCONEXOES_[A-Z][A-Z_]*[A-Z]\b")


#: A value of each setting that has no default.
GIVEN = {
    "CONEXOES_WEBHOOK_URL": "https://shop.example/retries",
    "CONEXOES_WEBHOOK_SOURCE": "/connectors/mlb",
    "CONEXOES_WEBHOOK_SECRET": f"whsec_{'MDEyMzQ1' * 4}",
    "CONEXOES_VTEX_LOGS_URL": "https://connector.example",
    "CONEXOES_VTEX_LOGS_ACCOUNT": "acme",
    "CONEXOES_VTEX_LOGS_AFFILIATE": "MLB",
    "CONEXOES_VTEX_LOGS_SOURCE": "/connectors/mlb",
}
OPTIONAL = [(settings, name) for settings, name in FIELDS if not settings.model_fields[name].is_required()]


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)


def _ids(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


def test_every_settings_class_has_its_section() -> None:
    for name in COMMANDS:
        command_of(name)  # a class is a subclass of BaseSettings only once its module is imported
    bases = {
        each for each in BaseSettings.__subclasses__() if not each.__module__.startswith(("pydantic_settings", "tests"))
    }
    assert bases == {Settings}
    assert set(Settings.__subclasses__()) == {settings for _title, settings in PAGES}


def test_every_setting_has_one_row_with_a_meaning() -> None:
    assert sorted(name for name, *_cells in ROWS) == sorted(
        {variable(*field) for field in FIELDS} | {f"{variable(*field)}{FILE}" for field in SECRETS}
    )
    assert not [name for name, *cells in ROWS if not all(cells) or "None" in cells]


def test_the_settings_of_the_design_are_there() -> None:
    names = "KAFKA_BOOTSTRAP_SERVERS DATABASE_URL DATA_DIR HTTP_HOST HTTP_PORT DEMO BOOTSTRAP_KEY KAFKA_PORT WORKER_ID"
    assert {f"CONEXOES_{name}" for name in (*names.split(), "TOPIC_PREFIX")} <= {name for name, *_cells in ROWS}


def test_a_variable_that_two_classes_read_is_the_same_to_both() -> None:
    said: dict[str, set[tuple[str, str, str]]] = {}
    for settings, name in FIELDS:
        field = settings.model_fields[name]
        schema = settings.model_json_schema()["properties"][name]
        said.setdefault(variable(settings, name), set()).add(
            (takes(name, schema), default(field), str(field.description))
        )
    assert {name: each for name, each in said.items() if len(each) > 1} == {}


@pytest.mark.parametrize(("settings", "name"), [field for field in FIELDS if field not in OPTIONAL], ids=_ids)
def test_what_has_no_default_says_so_and_is_asked_for(
    settings: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default(settings.model_fields[name]) == "required"
    monkeypatch.delenv(variable(settings, name))
    with pytest.raises(ValidationError, match=name):
        settings()


@pytest.mark.parametrize(("settings", "name"), OPTIONAL, ids=_ids)
def test_a_default_can_be_given_as_it_is_written(
    settings: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = default(settings.model_fields[name])
    if written != "unset":
        monkeypatch.setenv(variable(settings, name), written.strip("`"))
    assert getattr(settings(), name) == settings.model_fields[name].get_default(call_default_factory=True)


@pytest.mark.parametrize(("settings", "name"), OPTIONAL, ids=_ids)
def test_an_empty_setting_is_as_good_as_none(
    settings: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(settings, name), "")
    assert getattr(settings(), name) == settings.model_fields[name].get_default(call_default_factory=True)


def test_what_is_a_secret_by_its_type_or_name_can_be_in_a_file() -> None:
    hidden = {
        variable(settings, name)
        for settings, name in FIELDS
        if "SecretStr" in str(settings.model_fields[name].annotation) or re.search("password|secret|_key$|_url$", name)
    }
    # Addresses, whose secrets are settings of their own.
    known = {f"CONEXOES_{name}_URL" for name in ("PUBLIC", "WEBHOOK", "VTEX_LOGS", "SIMULATE_HTTP", "MCP")}
    assert hidden - known == {variable(*field) for field in SECRETS}


@pytest.mark.parametrize(("settings", "name"), SECRETS, ids=_ids)
def test_a_secret_is_read_from_its_file(
    settings: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key, value in {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}.items():
        monkeypatch.setenv(f"CONEXOES_{key}", value)
    monkeypatch.setenv("CONEXOES_KAFKA_SASL_USERNAME", "agents")
    is_json = "dict" in str(settings.model_fields[name].annotation)
    text = '{"conexoes_api": "with a space"}' if is_json else "0123456789abcdef with a space, 0123456789abcdef"
    if name == "channels_key":
        text = f"{new_key()} {new_key()}"
    if name == "webhook_secret":
        text = f"{GIVEN[variable(settings, name)]} {GIVEN[variable(settings, name)]}"
    monkeypatch.delenv(variable(settings, name), raising=False)
    file = tmp_path / "secret"
    file.write_text(f"{text}\n", "utf-8")
    monkeypatch.setenv(f"{variable(settings, name)}{FILE}", str(file))
    found = getattr(settings(), name)
    if is_json:
        assert {key: each.get_secret_value() for key, each in found.items()} == json.loads(text)
    else:
        assert (found if isinstance(found, str) else found.get_secret_value()) == text
    monkeypatch.setenv(variable(settings, name), text)
    with pytest.raises(SettingsError, match=rf"{variable(settings, name)} is set too"):
        settings()


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"\xff", b"x" * 65_537], ids=["no file", "", "line", "bytes", "long"]
)
def test_a_file_that_has_no_secret_is_named(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("CONEXOES_DATABASE_URL_FILE", str(file))
    with pytest.raises(SettingsError, match="CONEXOES_DATABASE_URL_FILE: .*/secret ") as caught:
        StorageSettings()
    assert list(sentences(caught.value)) == [str(caught.value)]


LIMITS = [
    (settings, name, keyword, beyond)
    for settings, name in FIELDS
    for keyword, step in {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1}.items()
    for schema in [settings.model_json_schema()["properties"][name]]
    for each in [schema, *schema.get("anyOf", [])]
    if keyword in each
    for beyond in [each[keyword] + step]
]


@pytest.mark.parametrize(("settings", "name", "keyword", "beyond"), LIMITS)
def test_what_is_beyond_a_limit_is_refused(
    settings: type[Settings], name: str, keyword: str, beyond: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(settings, name), str(beyond))
    with pytest.raises(ValidationError):
        settings()


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "Dockerfile", ROOT / "docker-compose.yml", *sorted((ROOT / "docs").rglob("*.md"))],
    ids=lambda path: path.name,
)
def test_no_document_names_a_setting_that_is_none(path: Path) -> None:
    assert set(SETTING.findall(path.read_text("utf-8"))) <= {name for name, *_cells in ROWS}
