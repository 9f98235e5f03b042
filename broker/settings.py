"""How Kafka is reached, and which topics are ours."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.topics import DEFAULT_PREFIX, Topics


class BrokerSettings(BaseSettings):
    """Environment variables `CONEXOES_…`; `conexoes up` fills the servers in when they are unset."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap_servers: str | None = Field(default=None, description="host:port,…; unset = the embedded Kafka")
    topic_prefix: str = Field(
        default=DEFAULT_PREFIX, pattern=r"^[A-Za-z0-9._-]{1,100}$", description="first part of every topic's name"
    )
    topic_partitions: int = Field(
        default=4, ge=1, le=1000, description="of each topic that is created; at least the agents processes you foresee"
    )
    topic_replication: int = Field(default=1, ge=1, le=10, description="of each topic that is created")

    @property
    def topics(self) -> Topics:
        return Topics(self.topic_prefix)
