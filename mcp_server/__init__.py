"""The MCP server, `conexoes mcp`: assistants read, plan and reprocess by the HTTP API, with a key and its rights."""
