"""The table of faults. Another one is a module here, and its entry."""

from tests.chaos.clock import lacks as lacks_compiler
from tests.chaos.fault import Fault, Lane
from tests.chaos.faults import (
    admin_kill,
    api_kill,
    bombs,
    commit_unanswered,
    connections_cut,
    export_kill,
    host_lost,
    kafka_hang,
    kafka_kill,
    late_rights,
    new_kafka,
    postgres_freeze,
    postgres_kill,
    postgres_slow,
    restore,
    retry_topic_missing,
    standby_lag,
    worker_freeze,
    worker_kill,
    worker_stop,
    wrong_clock,
)

#: Promised seconds until what is sent is stored again, on every partition.
AFTER_POSTGRESQL = 10.0
AFTER_KAFKA = 30.0
AFTER_A_MACHINE = 30.0

FAULTS = (
    Fault(worker_kill.do, Lane.KILLS),
    Fault(worker_stop.do, Lane.WORKERS),
    Fault(worker_freeze.do, Lane.WORKERS),
    Fault(wrong_clock.do, Lane.WORKERS, lacks=lacks_compiler),
    Fault(host_lost.do, Lane.MACHINES, recovers_within=AFTER_A_MACHINE),
    Fault(postgres_kill.do, Lane.POSTGRESQL, recovers_within=AFTER_POSTGRESQL),
    Fault(postgres_freeze.do, Lane.POSTGRESQL, recovers_within=AFTER_POSTGRESQL),
    Fault(connections_cut.do, Lane.POSTGRESQL),
    Fault(commit_unanswered.do, Lane.POSTGRESQL),
    Fault(postgres_slow.do, Lane.POSTGRESQL),
    Fault(late_rights.do, Lane.POSTGRESQL),
    Fault(restore.do, Lane.POSTGRESQL, forgets=True),
    Fault(standby_lag.do, Lane.POSTGRESQL, forgets=True),
    Fault(kafka_kill.do, Lane.KAFKA, recovers_within=AFTER_KAFKA),
    Fault(kafka_hang.do, Lane.KAFKA, recovers_within=AFTER_KAFKA),
    Fault(new_kafka.do, Lane.KAFKA, forgets=True, alone=True),
    Fault(retry_topic_missing.do, Lane.KAFKA),
    Fault(admin_kill.do, Lane.PAGES),
    Fault(api_kill.do, Lane.PAGES),
    Fault(export_kill.do, Lane.PAGES),
    Fault(bombs.do, Lane.RECORDS),
)
