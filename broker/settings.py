"""Settings of the connection to Kafka and of the topics."""

from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from broker.security import BadSecurityError, SaslMechanism, Security, SecurityProtocol
from schemas.sources import Sources, load_sources
from schemas.topics import DEFAULT_PREFIX, Topics


class BrokerSettings(BaseSettings):
    """Environment variables `CONEXOES_…`; `conexoes up` fills the servers in when they are unset."""

    model_config = SettingsConfigDict(
        env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    kafka_bootstrap_servers: str | None = Field(default=None, description="host:port,…; unset = the embedded Kafka")
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="how to connect to a Kafka of your own; the embedded one has only PLAINTEXT"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(default="SCRAM-SHA-512", description="SASL mechanism, with `SASL_…`")
    kafka_sasl_username: str | None = Field(default=None, description="user name, with `SASL_…`")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="password, with `SASL_…`")
    kafka_ssl_cafile: Path | None = Field(
        default=None,
        description="PEM file of the authorities that sign Kafka's certificate, with `…SSL`; unset = the system's",
    )
    kafka_ssl_certfile: Path | None = Field(
        default=None, description="PEM file of the client certificate and its chain, if Kafka requires one"
    )
    kafka_ssl_keyfile: Path | None = Field(
        default=None, description="PEM file of the client certificate's key, not encrypted; unset = in the same file"
    )
    topic_prefix: str = Field(
        default=DEFAULT_PREFIX, pattern=r"^[A-Za-z0-9._-]{1,100}$", description="first part of every topic's name"
    )
    topic_partitions: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="partitions of each new topic: as many as you will run agents processes, or more",
    )
    topic_replication: int = Field(default=1, ge=1, le=10, description="replicas of each new topic")

    sources: Annotated[
        Sources | None,
        NoDecode,
        BeforeValidator(lambda given: load_sources(Path(given)) if isinstance(given, str | Path) else given),
        WithJsonSchema({"type": "string", "format": "path"}),
    ] = Field(
        default=None,
        description="JSON file of which source may say what: docs/connectors.md; unset = any source, of any account",
    )

    @model_validator(mode="after")
    def _security_holds(self) -> Self:
        if self.kafka_bootstrap_servers is None and self.kafka_security_protocol != "PLAINTEXT":
            raise ValueError(
                "CONEXOES_KAFKA_SECURITY_PROTOCOL: is of a Kafka of your own; set CONEXOES_KAFKA_BOOTSTRAP_SERVERS too"
            )
        try:
            _ = self.security
        except BadSecurityError as exc:
            raise ValueError(
                f"CONEXOES_KAFKA_{exc.field.upper()}: {exc.reason} "
                f"(CONEXOES_KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol})"
            ) from exc
        return self

    @cached_property
    def security(self) -> Security:
        """The security of the connection."""
        given: dict[str, Any] = {each.name: getattr(self, f"kafka_{each.name}") for each in fields(Security)}
        password = given["sasl_password"]
        return Security(**given | {"sasl_password": password and password.get_secret_value()})

    @property
    def topics(self) -> Topics:
        return Topics(self.topic_prefix, self.sources.connectors if self.sources else ())
