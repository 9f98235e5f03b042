"""docs/settings.md, from the settings classes."""

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from agents.settings import AgentSettings
from api.settings import ApiSettings
from broker.settings import BrokerSettings
from cli.installation import InstallationSettings
from connectors.simulator.settings import SimulatorSettings
from schemas.policy import Policy
from storage.settings import StorageSettings

#: Every settings class, and which processes read it.
PAGES: tuple[tuple[str, type[BaseSettings]], ...] = (
    ("Every process", InstallationSettings),
    ("Kafka", BrokerSettings),
    ("PostgreSQL", StorageSettings),
    ("HTTP: `api`, `admin`, `up`", ApiSettings),
    ("`agents`", AgentSettings),
    ("`simulate`, and the demo of `up`", SimulatorSettings),
)


def settings_page() -> str:
    """The whole page."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read once at the start; a bad value is a sentence and exit code 1. This page is made",
        "from the code by `make documents`.",
    ]
    seen: set[str] = set()
    for title, settings in PAGES:
        prefix = settings.model_config.get("env_prefix", "")
        lines += ["", f"## {title}", "", "| variable | default | meaning |", "|---|---|---|"]
        for name, field in settings.model_fields.items():
            variable = f"{prefix}{name.upper()}"
            if variable not in seen:
                seen.add(variable)
                lines.append(f"| `{variable}` | {_default(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    return "`{}`" if isinstance(value, Policy) else f"`{value}`"
