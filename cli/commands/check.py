"""`conexoes check`."""

from typing import Annotated

import typer

from broker.settings import BrokerSettings
from cli.check import checked, document_of, line_of
from cli.filter_options import STDIN, Type, need_known
from schemas.catalogue import BY_NAME
from schemas.refusal import Refusal


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help=f"files of events; {STDIN} is standard input")],
    *,
    integration_type: Type = None,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON document in a line for each event")] = False,
) -> None:
    """Say what would become of events: the result that each would be, or all that is wrong with it.

    A file has a CloudEvent in JSON, a list of them, or JSON Lines. With --type, an object that is no CloudEvent is the
    data alone, as in binary mode. What CONEXOES_SOURCES does not allow is refused too, where it is set.
    Nothing is sent, and no server is needed. Exit 1 if any is refused.
    """
    refused = False
    need_known(integration_type)
    for each in checked(files, BY_NAME.get(integration_type or ""), BrokerSettings().sources):
        refused = refused or isinstance(each.outcome, Refusal)
        typer.echo(document_of(each) if as_json else line_of(each))
    if refused:
        raise typer.Exit(1)
