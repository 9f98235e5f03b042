"""Combinations of TLS and login settings."""

from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from broker.security import PLAINTEXT, BadSecurityError, Security
from broker.settings import BrokerSettings

LOGIN = {"sasl_username": "agents", "sasl_password": "s3cret"}


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"security_protocol": "TLS"}, "security_protocol", "must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        (
            {"security_protocol": "SASL_SSL", **LOGIN, "sasl_mechanism": "GSSAPI"},
            "sasl_mechanism",
            "must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
        ),
        ({"security_protocol": "SASL_SSL", "sasl_username": "a"}, "sasl_password", "is missing: SASL_SSL logs in"),
        ({"security_protocol": "SASL_PLAINTEXT"}, "sasl_username", "is missing: SASL_PLAINTEXT logs in"),
        (LOGIN, "sasl_username", "is given, and PLAINTEXT does not log in"),
        ({"security_protocol": "SSL", "sasl_password": "x"}, "sasl_password", "is given, and SSL does not log in"),
        ({"ssl_cafile": "ca.pem"}, "ssl_cafile", "is given, and PLAINTEXT does not encrypt"),
        ({"security_protocol": "SSL", "ssl_keyfile": "k.pem"}, "ssl_certfile", "is missing: there is a key"),
        ({"security_protocol": "SSL", "ssl_cafile": "gone.pem"}, "ssl_cafile", "gone.pem can't be used: No such file"),
        ({"security_protocol": "SSL", "ssl_certfile": "gone.pem"}, "ssl_certfile", "gone.pem can't be used: No such"),
    ],
)
def test_what_does_not_go_together_is_said(given: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(BadSecurityError) as caught:
        Security(**given)
    assert caught.value.field == field
    assert caught.value.reason.startswith(reason)


def test_a_file_that_holds_no_certificate_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BadSecurityError, match=r"ssl_cafile: .*ca\.pem can't be used: "):
        Security(security_protocol="SSL", ssl_cafile=tmp_path / "ca.pem")


def test_an_encrypted_key_is_refused_and_not_asked_about(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    certificate = trustme.CA().issue_cert("client.example")
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hidden"),
    )
    chain, keyfile = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(each.bytes() for each in certificate.cert_chain_pems))
    keyfile.write_bytes(encrypted)
    with pytest.raises(BadSecurityError, match="ssl_keyfile: .*the key is encrypted with a password"):
        Security(security_protocol="SSL", ssl_certfile=chain, ssl_keyfile=keyfile)


def test_passwords_are_in_no_text() -> None:
    security = Security(security_protocol="SASL_PLAINTEXT", **LOGIN)  # type: ignore[arg-type]
    settings = BrokerSettings(
        kafka_bootstrap_servers="kafka:9092",
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_username="agents",
        kafka_sasl_password="s3cret",
    )
    assert settings.security == security
    assert security.arguments["sasl_plain_password"] == "s3cret"
    assert "s3cret" not in f"{security!r} {settings!r} {settings.model_dump()}"


def test_without_anything_it_is_as_the_embedded_one() -> None:
    assert BrokerSettings().security == PLAINTEXT
    assert PLAINTEXT.arguments == {"security_protocol": "PLAINTEXT", "ssl_context": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "set CONEXOES_KAFKA_BOOTSTRAP_SERVERS too"),
        (
            {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SASL_USERNAME": "a"},
            "CONEXOES_KAFKA_SASL_USERNAME: is given, and PLAINTEXT does not log in",
        ),
        (
            {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/gone.pem"},
            "CONEXOES_KAFKA_SSL_CAFILE: /gone.pem can't be used: No such file or directory",
        ),
    ],
)
def test_settings_name_the_variable(given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"CONEXOES_{name}", value)
    with pytest.raises(ValidationError) as caught:
        BrokerSettings()
    assert said in str(caught.value)
