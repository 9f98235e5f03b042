"""Every metric of the agents: kind, meaning and unit. No key is ever a label; an account is where a setting says so."""

from enum import StrEnum

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from storage.process_metrics import ProcessMetrics

#: outcome: stored (new or seen before), dead_letter, tombstone
RECORDS = Counter("conexoes_records_total", "events read from results topics", ["integration_type", "outcome"])
#: way: fast (the usual shape of an event), full (any other, refused ones too); an event that is read again counts again
READ = Counter("conexoes_events_read_total", "events read from results topics, by the way", ["integration_type", "way"])
CONFLICTS = Counter(
    "conexoes_conflicting_results_total",
    "results that were not stored, because another one has their source and id",
    ["integration_type"],
)
BATCH_ROWS = Histogram(
    "conexoes_batch_rows", "results written by one statement", buckets=(1, 10, 100, 500, 1000, 2000, 5000)
)
STORE_SECONDS = Histogram("conexoes_store_seconds", "time from decoding a batch to its commit, waiting included")
WAITING = Gauge("conexoes_waiting", "tasks that wait for PostgreSQL or Kafka to come back", ["work"])
MISSING_TOPICS = Gauge("conexoes_missing_topics", "topics that are not there, or that agents may not Describe")
CLOCK_DRIFT = Gauge("conexoes_clock_drift_seconds", "seconds by which this host's clock is ahead of PostgreSQL's")
#: Label behind: postgresql (restored from a backup, or a lagging standby), or kafka (a worker ended before its commit)
READ_AGAIN = Counter(
    "conexoes_read_again_total",
    "offsets that are read again, since they are not known to be stored",
    ["topic", "behind"],
)
MISSING_OFFSETS = Counter(
    "conexoes_missing_offsets_total", "offsets that Kafka removed before they were read: lost results", ["topic"]
)
COMMANDS = Counter(
    "conexoes_commands_total", "reprocess commands that were read", ["outcome"]
)  # recorded, repeated, revoked, dead_letter
ITEMS = Counter("conexoes_reprocess_items_total", "state changes of items, by new state", ["state"])
DEAD_LETTERS = Counter("conexoes_dead_letters_total", "events and commands that were set aside, by code", ["code"])
REDRIVEN = Counter(
    "conexoes_redriven_letters_total", "dead letters that a redrive took up, by what was done", ["outcome"]
)  # sent, still_refused, failed
#: Labels: channel (email, chat, webhook, topic), message (notice, digest, test, event), outcome (sent, again, refused)
NOTIFICATIONS = Counter(
    "conexoes_notifications_total", "tries to send a message, by what became of it", ["channel", "message", "outcome"]
)
LAG = Gauge(
    "conexoes_lag_records",
    "offsets between what is stored and the end of a partition that this process has",
    ["topic", "partition"],
)
STORED_UNTIL = Gauge(
    "conexoes_stored_until_timestamp_seconds",
    "time of the newest stored record of a partition that this process has: one that waits is no older",
    ["topic", "partition"],
)
OLDEST_WAITING = Gauge(
    "conexoes_oldest_waiting_timestamp_seconds",
    "time of the oldest record that waits to be stored, of a partition that this process has; absent while none waits",
    ["topic", "partition"],
)
#: Values of `what`: queued (items to be sent), awaited (items without an answer yet), uncompacted (changes of counts),
#: unpublished (dead letters that their topic does not have)
BACKLOG = Gauge("conexoes_backlog", "rows of the database that wait for any agents process", ["what"])
#: Items by their state now: fixed, same_error, busy, queued, …
AUTOMATIC_RETRIES = Gauge(
    "conexoes_automatic_retries", "automatic retries that were recorded in the last 24 hours, by outcome", ["outcome"]
)
#: Shown by the process that judged last: take the maximum.
FRESHNESS = Gauge("conexoes_freshness", "types of affiliates, by how fresh their results are", ["state"])
#: Labels kind: schemas.incident.Kind
OPEN_INCIDENTS = Gauge("conexoes_open_incidents", "incidents that are not over, by kind", ["kind"])
#: Shown with CONEXOES_METRICS_OF_ACCOUNTS alone, for the 1,000 that have been without a result for longest.
RESULT_AGE = Gauge(
    "conexoes_result_age_seconds",
    "seconds since the last result of a type of an affiliate was received, with CONEXOES_METRICS_OF_ACCOUNTS",
    ["account", "affiliate", "integration_type", "state"],
)
PROCESS = ProcessMetrics(REGISTRY)


class IngestWork(StrEnum):
    """Work that ingest itself waits for, by its name in WAITING: meanwhile records that stand still are no stall."""

    STORE = "store"
    DEAD_LETTERS = "dead letters"
    CLOCK = "clock"
    COMMANDS = "commands"
    POSITIONS = "positions"
    TOPICS = "topics"
    SCHEMA = "schema"
    WORKER_ID = "worker id"


def ingest_waits() -> bool:
    """Tell if ingest waits for PostgreSQL or Kafka right now. Other work may wait for days, as for a missing topic."""
    works = set(IngestWork)
    return any(
        sample.value > 0 and sample.labels["work"] in works for metric in WAITING.collect() for sample in metric.samples
    )
