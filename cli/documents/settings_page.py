"""docs/settings.md, from the settings classes."""

import json
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from admin.settings import PageSettings, SignInSettings
from agents.settings import AgentSettings
from api.settings import ApiSettings, ProbeSettings
from broker.settings import BrokerSettings
from cli.installation import InstallationSettings
from connectors.simulator.settings import SimulatorSettings
from connectors.vtex_logs.settings import VtexLogsSettings
from connectors.webhook.settings import WebhookSettings
from exports.settings import ExportSettings
from mcp_server.settings import McpSettings
from outbound.settings import NotificationSettings
from schemas.playbook.marketplaces import Marketplaces
from schemas.policy import Policy
from schemas.settings import FILE, Settings, is_secret
from storage.settings import StorageSettings

#: Settings classes, each with the processes that read it.
PAGES: tuple[tuple[str, type[Settings]], ...] = (
    ("Every process", InstallationSettings),
    ("Kafka", BrokerSettings),
    ("PostgreSQL", StorageSettings),
    ("HTTP: `api`, `admin`, `up`", ApiSettings),
    ("Pages: `admin`, `up`", PageSettings),
    ("Sign-in by an issuer: `admin`, `up`", SignInSettings),
    ("Exports: `api`, `admin`, `export`", ExportSettings),
    ("Metrics and health: `agents`, `api`, `admin`, `bridge`, `simulate`", ProbeSettings),
    ("Notifications: `agents`, `admin`", NotificationSettings),
    ("`agents`", AgentSettings),
    ("`simulate`, and the demo of `up`", SimulatorSettings),
    ("`bridge webhook`", WebhookSettings),
    ("`bridge vtex-logs`", VtexLogsSettings),
    ("`mcp`", McpSettings),
)
#: Units, which are the last word of a name.
_UNITS = ("seconds", "days")
_KINDS = {"integer": "whole number", "number": "number", "string": "text", "object": "JSON object"}


def variable(settings: type[Settings], field: str) -> str:
    """Return the environment variable of a field."""
    return f"{settings.model_config.get('env_prefix', '')}{field.upper()}"


def settings_page() -> str:
    """Return the whole page. A variable that two classes read is shown where it is read first."""
    lines = [
        "# Settings",
        "",
        "Settings are environment variables, read once, at the start. An empty variable counts as unset. A bad value",
        "ends the process with a sentence and exit code 1. A secret may be in a file instead, which",
        "the variable with `_FILE` behind its name says. This page is made from the code by `make documents`.",
    ]
    seen: set[str] = set()
    for title, settings in PAGES:
        properties = settings.model_json_schema()["properties"]
        lines += ["", f"## {title}", "", "| variable | takes | default | meaning |", "|---|---|---|---|"]
        for name, field in settings.model_fields.items():
            if (key := variable(settings, name)) not in seen:
                seen.add(key)
                cells = [f"`{key}`", takes(name, properties[name]), default(field), str(field.description)]
                lines.append(_row(cells))
                if is_secret(field):
                    lines.append(_row([f"`{key}{FILE}`", "path", "unset", f"file that has `{key}`, instead of it"]))
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return "| {} |".format(" | ".join(cell.replace("|", r"\|") for cell in cells))


def takes(name: str, schema: dict[str, Any]) -> str:
    """Describe the values that a field takes, with unit and limits, from its JSON Schema."""
    schema = next((each for each in schema.get("anyOf", []) if each["type"] != "null"), schema)
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    kind = schema.get("type", "object")
    if kind == "boolean":
        return "`1` or `0`"
    if kind == "array":
        return ", each ".join(["JSON list of texts", *_limits(schema["items"])])
    if schema.get("format") == "path":
        return "path"
    unit = next((each for each in _UNITS if name.endswith(f"_{each}")), None)
    words = [f"{'whole ' if kind == 'integer' else ''}{unit}" if unit else _KINDS[kind], *_limits(schema)]
    return ", ".join(words)


def _limits(schema: dict[str, Any]) -> list[str]:
    if {"minimum", "maximum"} <= schema.keys():
        return [f"{schema['minimum']} to {schema['maximum']}"]
    words = {
        "minimum": "at least {}",
        "exclusiveMinimum": "over {}",
        "maximum": "at most {}",
        "minLength": "at least {} characters",
        "pattern": "matching `{}`",
    }
    return [said.format(schema[keyword]) for keyword, said in words.items() if keyword in schema]


def default(field: FieldInfo) -> str:
    """Return the default as it would be written in the environment."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, SecretStr):
        return "unset"
    if isinstance(value, Policy | Marketplaces):
        return "`{}`"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{json.dumps(value) if isinstance(value, tuple) else value}`"
