"""Serves the tools over standard input and output, to the assistant that has started this process."""

from mcp.server.stdio import stdio_server

from mcp_server.api import connected
from mcp_server.server import build_server


async def serve(url: str, key: str, *, version: str, read_only: bool) -> None:
    """Serve until the assistant closes standard input. `url`: the admin app; `key`: an access key of it."""
    async with connected(url, key) as api, stdio_server() as (messages, answers):
        server = build_server(api, version=version, read_only=read_only)
        await server.run(messages, answers, server.create_initialization_options())
