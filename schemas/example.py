"""Examples of models in the documents."""

from typing import Any

from pydantic import ConfigDict


def example(**fields: Any) -> ConfigDict:
    """The configuration of a model that is frozen, takes no other fields, and is shown with `fields` as an example."""
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [fields]})
