"""docker-compose.yml describes this system: it can't be started by the tests, so each part is held to the code.

Whether it is a Compose document at all is for docs/contract/validate_compose.py, in `make check`.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.settings import AgentSettings
from api.settings import ApiSettings, ProbeSettings
from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from cli.documents.settings_page import PAGES, variable
from cli.installation import InstallationSettings, ready_file
from cli.lazy_group import COMMANDS
from embedded.kafka_config import MESSAGE_MAX_BYTES
from storage.logins import ROLES
from storage.settings import StorageSettings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "conexoes"}
#: Variables that an operator must set.
GIVEN = {
    "POSTGRES_PASSWORD": "secret",
    "API_PASSWORD": "secret1",
    "AGENTS_PASSWORD": "secret2",
    "ADMIN_PASSWORD": "secret3",
    "CONEXOES_BOOTSTRAP_KEY": "0123456789abcdef0123",
}
#: Login with which each service reads and writes; the owner's is for migrations alone.
READS: dict[str, str | None] = {
    "migrate": "conexoes",
    "topics": None,
    "simulate": None,
    "agents": "conexoes_agents",
    "admin": "conexoes_api",
}
WRITES = {**READS, "admin": "conexoes_admin"}


def _interpolated(text: str) -> str:
    """Interpolate as `docker compose` does, with GIVEN. KeyError for a variable that the file does not ask for."""
    asked = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: GIVEN[match[1]], text)
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: GIVEN.get(match[1], match[2]), asked)


MIGRATES = StorageSettings(
    login_passwords=json.loads(_interpolated(OURS["migrate"]["environment"]["CONEXOES_LOGIN_PASSWORDS"]))
)


def test_servers_are_official_images_of_the_versions_that_we_embed() -> None:
    jars = (ROOT / "embedded" / "kafka.lock.txt").read_text("utf-8")
    kafka = re.search(r"kafka-clients[:-](\d+\.\d+\.\d+)", jars)
    assert kafka
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    assert SERVICES["postgres"]["image"] == "postgres:18"


def test_our_services_run_commands_that_exist() -> None:
    assert set(OURS) == {"migrate", "topics", "agents", "admin", "simulate"}
    assert {name: each["command"] for name, each in OURS.items()} == {name: [name] for name in OURS}
    assert set(OURS) <= set(COMMANDS)
    assert {each["build"] for each in OURS.values()} == {"."}


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_settings_that_exist_with_values_that_are_good(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {variable(settings, field) for _title, settings in PAGES for field in settings.model_fields}
    environment = OURS[name]["environment"]
    assert set(environment) <= known
    for key, value in environment.items():
        monkeypatch.setenv(key, _interpolated(value))
    for _title, settings in PAGES:
        if not any(field.is_required() for field in settings.model_fields.values()):  # a bridge is no service here
            settings()
    assert BrokerSettings().kafka_bootstrap_servers in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    postgres = SERVICES["postgres"]["environment"]
    passwords: dict[str, str] = {login: each.get_secret_value() for login, each in MIGRATES.login_passwords.items()}
    assert passwords.keys() == ROLES.keys()
    passwords[postgres["POSTGRES_USER"]] = GIVEN["POSTGRES_PASSWORD"]
    storage = StorageSettings()
    for found, logins in ((storage.database_url, READS), (storage.database_writer_url or storage.database_url, WRITES)):
        login = logins[name]
        url = login and f"postgresql://{login}:{passwords[login]}@postgres:5432/{postgres['POSTGRES_DB']}"
        assert found == url


def test_only_the_ports_that_people_use_are_open_and_on_this_machine_only() -> None:
    http, kafka = ApiSettings().http_port, InstallationSettings().kafka_port
    assert {name: each["ports"] for name, each in SERVICES.items() if "ports" in each} == {
        "admin": [f"127.0.0.1:{http}:{http}"],
        "kafka": [f"127.0.0.1:{kafka}:{kafka}"],
    }
    assert f"OUTSIDE://127.0.0.1:{kafka}" in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_nothing_starts_before_what_it_needs() -> None:
    servers = {"kafka": "service_healthy", "postgres": "service_healthy"}
    prepared = {"migrate": "service_completed_successfully", "topics": "service_completed_successfully"}
    needed = {
        name: {other: each["condition"] for other, each in service["depends_on"].items()}
        for name, service in OURS.items()
    }
    assert needed == {name: servers if name in prepared else prepared for name in OURS}


def test_what_runs_for_ever_starts_again_and_what_runs_once_ends() -> None:
    restarts = {name: each["restart"] for name, each in SERVICES.items()}
    once = {"migrate": "on-failure", "topics": "on-failure"}
    assert restarts == dict.fromkeys(SERVICES, "unless-stopped") | once


def test_every_server_says_whether_it_is_well() -> None:
    assert {name for name, each in SERVICES.items() if "test" in each.get("healthcheck", {})} == {
        "kafka",
        "postgres",
        "agents",
        "admin",
    }
    # Without a host it would ask by the socket, where the image answers while it is still initializing.
    assert SERVICES["postgres"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "-h", "127.0.0.1"]
    assert f"http://127.0.0.1:{ApiSettings().http_port}/readyz" in SERVICES["admin"]["healthcheck"]["test"][-1]
    data_dir = re.search(r"CONEXOES_DATA_DIR=(\S+)", DOCKERFILE)
    assert data_dir
    assert SERVICES["agents"]["healthcheck"]["test"] == ["CMD", "test", "-f", str(ready_file(Path(data_dir[1])))]
    # Or a worker that starts again would be well because its predecessor was.
    assert Path(data_dir[1]).is_relative_to(SERVICES["agents"]["tmpfs"])


def test_agents_are_given_the_time_they_take_to_stop() -> None:
    grace = {name: float(each["stop_grace_period"].removesuffix("s")) for name, each in SERVICES.items()}
    assert grace["agents"] > AgentSettings().stop_seconds
    assert grace["kafka"] > grace["agents"]


def test_agents_can_be_scaled() -> None:
    assert not {"container_name", "ports", "hostname", "volumes"} & OURS["agents"].keys()
    assert "CONEXOES_WORKER_ID" not in OURS["agents"]["environment"]


def test_the_simulator_runs_only_when_it_is_asked_for() -> None:
    assert {name for name, each in SERVICES.items() if "profiles" in each} == {"simulate"}
    assert SERVICES["simulate"]["profiles"] == ["demo"]


def test_data_outlives_its_container() -> None:
    mounts = {name: each["volumes"] for name, each in SERVICES.items() if "volumes" in each}
    # PostgreSQL 18's image keeps its data in a folder of the version below this one.
    assert mounts == {
        "kafka": ["kafka:/var/lib/kafka/data"],
        "postgres": ["postgres:/var/lib/postgresql"],
        "admin": [f"admin:{SERVICES['admin']['environment']['CONEXOES_DATA_DIR']}"],
    }
    # Its own from the beginning: an empty volume takes the owner of the image's directory.
    owned = re.search(r"install -d -o conexoes -m 700 (\S+)", DOCKERFILE)
    assert owned
    assert owned[1] == SERVICES["admin"]["environment"]["CONEXOES_DATA_DIR"]
    assert DOCKERFILE.index("install -d") < DOCKERFILE.index("USER conexoes")
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert set(COMPOSE["volumes"]) == set(mounts)


def test_kafka_is_one_node_that_takes_what_ours_takes() -> None:
    kafka = SERVICES["kafka"]["environment"]
    assert kafka["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["KAFKA_MESSAGE_MAX_BYTES"] == str(MESSAGE_MAX_BYTES)
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    listeners = {each.partition("://")[0] for each in kafka["KAFKA_LISTENERS"].split(",")}
    assert {each.partition(":")[0] for each in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")} == listeners


def test_the_image_has_every_package_of_the_product() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for part in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        copied = f"COPY {part} {part}\n" in DOCKERFILE or re.search(
            rf"^COPY .*\b{re.escape(part)} .*\./$", DOCKERFILE, re.MULTILINE
        )
        assert copied, part
        assert f"!{part}" in ignored


def test_the_image_has_what_runs_and_nothing_that_builds_and_is_not_run_by_root() -> None:
    _comment, build, image = re.split("^FROM ", DOCKERFILE, flags=re.MULTILINE)
    assert build.startswith("python:3.11-slim AS build\n")
    assert image.startswith("python:3.11-slim\n")
    assert "/opt/conexoes/bin/pip install --no-cache-dir --require-hashes -r requirements-runtime.lock" in build
    assert "--require-hashes -r requirements-build.lock" in build
    assert "pip" not in image
    assert re.findall(r"^COPY (.+)$", image, re.MULTILINE) == ["--from=build /opt/conexoes /opt/conexoes"]
    assert image.index("USER conexoes") < image.index('ENTRYPOINT ["conexoes"]')


def test_the_image_says_whether_it_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = dict(re.findall(r"(CONEXOES_\w+)=(\S+)", DOCKERFILE))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert f"http://127.0.0.1:{ProbeSettings().metrics_port}/readyz" in DOCKERFILE
    assert "HEALTHCHECK " in DOCKERFILE
    assert not [name for name, each in SERVICES.items() if each.get("healthcheck") == {"disable": True}]


def locked(name: str) -> dict[str, str]:
    """Packages of a lock file, with version and markers; every one of them must have its hashes."""
    text = (ROOT / name).read_text("utf-8")
    entries = re.findall(r"^(\S+?)==(\S+)(.*(?:\n    --hash.*)+)", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)), name
    return {package: version for package, version, _hashes in entries}


def required(dependencies: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", each)[0] for each in dependencies}


def test_each_lock_has_its_own_and_no_more_and_all_the_same_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ours, extra = project["project"]["dependencies"], project["project"]["optional-dependencies"]["embedded"]
    runtime, embedded = locked("requirements-runtime.lock"), locked("requirements-embedded.lock")
    development = locked("requirements.lock")
    assert required(ours) <= set(runtime)
    # What sends spans is in the image, and posts them by `requests`.
    assert required(extra) & set(runtime) == {"requests"}
    assert required(extra) <= set(embedded)
    assert runtime.items() <= embedded.items() <= development.items()
    assert not {"pytest", "mypy", "ruff", "uv", "playwright", "hatchling"} & set(embedded)
    assert locked("requirements-build.lock").items() <= development.items()


def test_every_command_but_up_can_be_imported_without_the_embedded_servers() -> None:
    """Hide packages that only the extra installs, as in the image."""
    hidden = sorted(set(locked("requirements-embedded.lock")) - set(locked("requirements-runtime.lock")))
    modules = [name.replace("-", "_") for name in hidden]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules!r})); import cli.installation, cli.lazy_group; "
        "import cli.main; cli.installation.has_embedded_servers = lambda: False; "
        "[cli.lazy_group.command_of(name) for name in cli.lazy_group.COMMANDS]; "
        "sys.argv = ['conexoes', 'up']; cli.main.main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("conexoes: The embedded Kafka and PostgreSQL are not installed")
