"""`conexoes topics`."""

from typing import Annotated

import typer

from broker.topics import check_topics, create_topics, raise_partitions
from cli.installation import broker_settings
from cli.logs import leave_kafka_to_us
from cli.numbers import many
from cli.run import run


def command(
    *,
    check: Annotated[bool, typer.Option("--check", help="only report problems; exit 1 if there are any")] = False,
    more: Annotated[bool, typer.Option("--raise-partitions", help="add partitions to topics with too few")] = False,
) -> None:
    """Create the topics that are missing, and say what is wrong with others."""
    leave_kafka_to_us()
    broker = broker_settings()
    servers = str(broker.kafka_bootstrap_servers)
    for name in [] if check else run(lambda _stop: create_topics(servers, broker)):
        typer.echo(f"created {name}")
    for name in run(lambda _stop: raise_partitions(servers, broker)) if more and not check else []:
        typer.echo(f"{name} has {many(broker.topic_partitions, 'partition')}")
    faults = run(lambda _stop: check_topics(servers, broker))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo("All topics are there.")
