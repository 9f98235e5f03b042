"""Messages about bad settings."""

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from agents.settings import AgentSettings
from api.settings import ApiSettings
from broker.settings import BrokerSettings
from cli.documents.settings_page import PAGES
from cli.installation import InstallationSettings
from cli.settings_errors import sentences
from connectors.simulator.settings import SimulatorSettings


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        (AgentSettings, {"REDACT": "cpf,password"}, "CONEXOES_REDACT: must be JSON"),
        (AgentSettings, {"REDACT": '"cpf"'}, "CONEXOES_REDACT: must be a list, not text"),
        (AgentSettings, {"REDACT": '["a b"]'}, "CONEXOES_REDACT: 0: must be of the form "),
        (ApiSettings, {"HTTP_PORT": "0"}, "CONEXOES_HTTP_PORT: must be at least 1"),
        (
            ApiSettings,
            {"BOOTSTRAP_KEY": "0123456789012345678"},
            "CONEXOES_BOOTSTRAP_KEY: must have at least 20 characters: it opens every account",
        ),
        (SimulatorSettings, {"SIMULATE_AFFILIATES": "MLB"}, "CONEXOES_SIMULATE_AFFILIATES: must be JSON"),
        (SimulatorSettings, {"SIMULATE_RATE": "0"}, "CONEXOES_SIMULATE_RATE: must be more than 0"),
        (InstallationSettings, {"POLICY": '{"x": 1}'}, "CONEXOES_POLICY: x: "),
        (
            BrokerSettings,
            {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SASL_PASSWORD": "s3cret"},
            "CONEXOES_KAFKA_SASL_PASSWORD: is given, and PLAINTEXT does not log in "
            "(CONEXOES_KAFKA_SECURITY_PROTOCOL is PLAINTEXT)",
        ),
    ],
)
def test_the_variable_is_named(
    settings: type[BaseSettings], given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"CONEXOES_{name}", value)
    with pytest.raises((ValidationError, SettingsError)) as caught:
        settings()
    assert isinstance(caught.value, ValidationError | SettingsError)
    [sentence] = sentences(caught.value)
    assert sentence.startswith(said)
    assert "s3cret" not in sentence


def test_no_field_of_the_simulator_is_called_as_one_of_the_others() -> None:
    others = {name for _title, each in PAGES if each is not SimulatorSettings for name in each.model_fields}
    assert not others & set(SimulatorSettings.model_fields)
