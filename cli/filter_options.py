"""The one filter as options, the same for every command that takes it."""

from typing import Annotated, Any

import typer

Account = Annotated[str, typer.Option("--account", help="whose logs")]
Type = Annotated[str | None, typer.Option("--type", help="orders, products, tracking, …")]
Statuses = Annotated[list[str] | None, typer.Option("--status", help="any of these; may be repeated")]
Affiliates = Annotated[list[str] | None, typer.Option("--affiliate", help="any of these; may be repeated")]
ProcessedFrom = Annotated[str | None, typer.Option("--processed-from", help="RFC 3339, included")]
ProcessedTo = Annotated[str | None, typer.Option("--processed-to", help="RFC 3339, not included")]
Q = Annotated[str | None, typer.Option("--q", help="as in the search bar")]
Code = Annotated[str | None, typer.Option("--code", help="error code, exactly")]
Fingerprint = Annotated[str | None, typer.Option("--fingerprint", help="one group of equal errors")]
ReprocessState = Annotated[str | None, typer.Option("--reprocess", help="state of the last reprocess, e.g. silent")]


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
