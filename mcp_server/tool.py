"""A tool: its name, arguments, answer, and what it may ask of the API."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mcp_server.api import Api
from mcp_server.bounds import LESS
from mcp_server.routes import Route


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool. Its description is the docstring of `run`, which takes the API and the arguments."""

    name: str
    title: str
    arguments: type[BaseModel]
    answer: type[BaseModel]
    routes: tuple[Route, ...]
    run: Callable[[Api, Any], Awaitable[dict[str, Any]]]
    less: str = LESS  # how to get a smaller answer
    is_destructive: bool = False  # it sends something to marketplaces, or stops what is being sent

    @property
    def writes(self) -> bool:
        """True when a route of it changes something."""
        return any(route.method != "GET" for route in self.routes)

    @property
    def description(self) -> str:
        return inspect.getdoc(self.run) or ""
