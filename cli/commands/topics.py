"""`conexoes topics`."""

from collections.abc import Callable
from typing import Annotated

import typer

from broker.topics import check_topics, create_topics, raise_partitions
from cli.installation import broker_settings
from cli.json_option import AsJson, say_nothing, to_json
from cli.logs import leave_kafka_to_us
from cli.numbers import many
from cli.run import run


def command(
    *,
    check: Annotated[bool, typer.Option("--check", help="only report problems; exit 1 if there are any")] = False,
    more: Annotated[bool, typer.Option("--raise-partitions", help="add partitions to topics with too few")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the topics that are missing, and say what is wrong with others."""
    leave_kafka_to_us()
    broker = broker_settings()
    servers = str(broker.kafka_bootstrap_servers)
    say: Callable[[str], None] = say_nothing if as_json else typer.echo
    created = [] if check else list(run(lambda _stop: create_topics(servers, broker)))
    for name in created:
        say(f"created {name}")
    raised = list(run(lambda _stop: raise_partitions(servers, broker))) if more and not check else []
    for name in raised:
        say(f"{name} has {many(broker.topic_partitions, 'partition')}")
    faults = list(run(lambda _stop: check_topics(servers, broker)))
    if as_json:
        typer.echo(to_json({"created": created, "raised": raised, "faults": faults}))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    say("All topics are there.")
