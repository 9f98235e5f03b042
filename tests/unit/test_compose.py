"""docker-compose.yml describes this system: it can't be started by the tests, so each part is held to the code.

Whether it is a Compose document at all is for docs/contract/validate_compose.py, in `make check`.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import cli.main
from agents.settings import AgentSettings
from api.settings import ApiSettings
from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from cli.documents.settings_page import PAGES, variable
from cli.installation import InstallationSettings
from cli.up import ready_file
from embedded.kafka_config import MESSAGE_MAX_BYTES
from storage.logins import ROLES
from storage.settings import StorageSettings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "conexoes"}
#: What whoever starts it must give.
GIVEN = {
    "POSTGRES_PASSWORD": "secret",
    "API_PASSWORD": "secret1",
    "AGENTS_PASSWORD": "secret2",
    "ADMIN_PASSWORD": "secret3",
    "CONEXOES_BOOTSTRAP_KEY": "0123456789abcdef0123",
}
#: With which login each service reads and writes; the owner's is for migrations alone.
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
    return re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: GIVEN[match[1]], text)


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
    commands = {each.name or each.callback.__name__ for each in cli.main.app.registered_commands if each.callback}
    assert set(OURS) == {"migrate", "topics", "agents", "admin", "simulate"}
    assert {name: each["command"] for name, each in OURS.items()} == {name: [name] for name in OURS}
    assert set(OURS) <= commands
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
    assert {name for name, each in SERVICES.items() if "healthcheck" in each} == {
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


def test_the_image_is_installed_from_the_lock_with_hashes_and_is_not_run_by_root() -> None:
    assert DOCKERFILE.count("FROM ") == 1
    assert "FROM python:3.11-slim\n" in DOCKERFILE
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.index("USER conexoes") < DOCKERFILE.index('ENTRYPOINT ["conexoes"]')
