"""Names of the Kafka topics, all from one prefix."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.catalogue import CATALOGUE

DEFAULT_PREFIX = "conexoes"
KIBIBYTE = 1024
#: An event up to this size is accepted; a larger one is dead-lettered as `too_large`.
MAX_EVENT_BYTES = 1024 * KIBIBYTE
#: Limit of the broker for a record. Above the limit of an event, so that an event that is somewhat too large arrives
#: and is shown as a dead letter instead of failing unseen in a connector.
MAX_RECORD_BYTES = 2 * MAX_EVENT_BYTES
#: Limit of a dead letter: its original and six headers more.
MAX_DEAD_LETTER_BYTES = MAX_RECORD_BYTES + 64 * KIBIBYTE


@dataclass(frozen=True, kw_only=True)
class Topics:
    """The topics of one installation; two installations on one broker differ by `prefix`."""

    prefix: str = DEFAULT_PREFIX
    connectors: tuple[str, ...] = ()  # those with results topics of their own

    def results(self, integration_type: str, connector: str | None = None) -> str:
        """Name the topic of all connectors, or of one that has its own."""
        common = f"{self.prefix}.results.{integration_type}"
        return common if connector is None else f"{common}.{connector}"

    def retry(self, integration_type: str) -> str:
        return f"{self.prefix}.retry.{integration_type}"

    @property
    def commands(self) -> str:
        return f"{self.prefix}.reprocess.commands"

    @property
    def dead_letter(self) -> str:
        return f"{self.prefix}.dead-letter"

    @property
    def events(self) -> str:
        return f"{self.prefix}.events"

    def read_by_agents(self) -> list[str]:
        """Name the topics that agents consume."""
        results = (self.results(each.name, connector) for each in CATALOGUE for connector in (None, *self.connectors))
        return [*results, self.commands]

    def names(self) -> list[str]:
        """Name every topic."""
        return [name for name, _size in self.all()]

    def all(self) -> Iterator[tuple[str, int]]:
        """Yield each topic with the largest record, in bytes, that it must take."""
        for each in CATALOGUE:
            for connector in (None, *self.connectors):
                yield self.results(each.name, connector), MAX_RECORD_BYTES
            yield self.retry(each.name), MAX_RECORD_BYTES
        yield self.commands, MAX_RECORD_BYTES
        yield self.dead_letter, MAX_DEAD_LETTER_BYTES
        yield self.events, MAX_RECORD_BYTES
