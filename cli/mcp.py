"""`conexoes mcp`: the MCP server, for the assistant that starts it."""

import asyncio
import signal
from importlib.util import find_spec

from cli.installation import UnusableError, system_here
from cli.version import version
from mcp_server.settings import McpSettings


def serve(*, read_only: bool | None) -> None:
    """Serve until the assistant ends it. `read_only`: None is as the setting says. Raises UnusableError."""
    if find_spec("mcp") is None:
        raise UnusableError("The MCP server needs more than is installed: pip install 'conexoes[mcp]'.")
    from mcp_server.serve import serve as serve_tools  # noqa: PLC0415 - needs what the extra installs

    settings = McpSettings()
    if (url := settings.mcp_url or system_here().http) is None:
        raise UnusableError("No installation: set CONEXOES_MCP_URL, or start `conexoes up` first.")
    if settings.mcp_key is None:
        raise UnusableError(
            "No key: set CONEXOES_MCP_KEY, or CONEXOES_MCP_KEY_FILE to the file that has it; `conexoes keys create` "
            "makes one."
        )
    only = settings.mcp_read_only if read_only is None else read_only
    # It keeps nothing, and a thread of the SDK waits in a read of standard input that no cancellation reaches.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(serve_tools(url, settings.mcp_key.get_secret_value(), version=version(), read_only=only))
