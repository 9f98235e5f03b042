"""The broker's settings as the text of a server.properties file. Pure: values in, text out."""

from pathlib import Path

from embedded.ports import LOOPBACK

NODE_ID = 1
# Records of 4 MiB, and room for the batch around them. An event is accepted up to 1 MiB (design, section 3). A larger
# one must become a dead letter, not be refused by the broker, where nobody sees it.
MESSAGE_MAX_BYTES = 5 * 1024 * 1024


def server_properties(*, log_dir: Path, port: int, controller_port: int) -> str:
    """One node that is broker and controller, listening on loopback only, without authentication.

    The quorum is the static one: its address is read from here at each start, so the controller's port may change
    between starts. (A dynamic quorum keeps the first address on disk.)
    """
    values = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{LOOPBACK}:{controller_port}",
        "listeners": f"BROKER://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": log_dir,
        # A misspelt topic is an error, not a new topic.
        "auto.create.topics.enable": "false",
        # The default waits 3 s for more consumers before a group's first rebalance.
        "group.initial.rebalance.delay.ms": 0,
        # One node holds the only replica of everything.
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Each partition costs files and start time; 50 is meant for clusters.
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.num.partitions": 4,
        "message.max.bytes": MESSAGE_MAX_BYTES,
        "replica.fetch.max.bytes": MESSAGE_MAX_BYTES,
        "replica.fetch.response.max.bytes": 2 * MESSAGE_MAX_BYTES,
        # After a kill -9 the new broker may register only when the old one's session is over; the default waits 9 s.
        # Both ends of the session live in this one process, so a short one is not the risk it is between machines.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # A laptop's share of threads, and of the 512 MB heap: the cleaner's buffer alone would be 128 MB.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "num.recovery.threads.per.data.dir": 2,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
