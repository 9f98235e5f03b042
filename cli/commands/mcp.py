"""`conexoes mcp`."""

from typing import Annotated

import typer

from cli.mcp import serve


def command(
    *,
    read_only: Annotated[
        bool | None, typer.Option("--read-only/--read-write", help="without or with the tools that reprocess")
    ] = None,
) -> None:
    """Serve the tools of an assistant, as an MCP server over standard input and output (docs/assistants.md).

    It asks the admin app at CONEXOES_MCP_URL with the key CONEXOES_MCP_KEY, and may do what this key may.
    """
    serve(read_only=read_only)
