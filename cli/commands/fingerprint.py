"""`conexoes fingerprint`."""

from typing import Annotated

import typer

from cli.filter_options import Type, need_known
from cli.fingerprint import shown, texts_of
from schemas.fingerprint.explanation import explain as explain_fingerprint


def command(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="texts of errors; by default standard input, as one text")
    ] = None,
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="show what of each text is kept, and what is replaced")
    ] = False,
    integration_type: Type = None,
    affiliate: Annotated[str | None, typer.Option(help="marketplace or channel of the results")] = None,
    code: Annotated[str | None, typer.Option(help="error code that was sent beside the text")] = None,
    key: Annotated[str | None, typer.Option(help="order id or SKU that the text is about")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON document in a line for each text")] = False,
) -> None:
    """Say which texts are the same error: each gets its fingerprint, equal for equal errors.

    The fingerprint is the one of the pages and the API when type, affiliate, code and key are given as they were sent.
    Nothing is read but the texts, and no server is needed.
    """
    need_known(integration_type)
    explained = [
        explain_fingerprint(integration_type or "", affiliate or "", code, text, key) for text in texts_of(texts or [])
    ]
    for line in shown(explained, explaining=explain, as_json=as_json):
        typer.echo(line)
