"""An ingest of prices without Kafka and PostgreSQL: what it is given is decoded, and nothing of it can be stored."""

import time

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.letter_topic import LetterTopic
from agents.results.ingest import Ingest
from broker.publisher import Publisher
from schemas.catalogue import BY_NAME
from schemas.policy import Policy
from storage.clock import ServerClock
from storage.database import Database
from storage.settings import StorageSettings


class HostClock(ServerClock):
    """The host's own clock, for a test without a database."""

    age_seconds = 0.0

    def now_ns(self) -> int:
        return time.time_ns()


def ingest_apart(delivery: Delivery, kind: type[Ingest] = Ingest) -> Ingest:
    """Make an ingest whose database and broker are away, and refuse connections at once."""
    database = Database("postgresql://127.0.0.1:1/nowhere", "writer", StorageSettings(connect_seconds=0.1))
    dead_letters = DeadLetters(LetterTopic("t", Publisher("127.0.0.1:1")), database)
    return kind(BY_NAME["price"], database, dead_letters, delivery, clock=HostClock(database), policy=Policy())
