"""What every model that the query API shows has in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """Part of an answer: frozen, and with the fields that the contract names and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def example(**fields: Any) -> ConfigDict:
    """The configuration of a `Shown` model whose documents show `fields` as an example."""
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [fields]})


#: Ids and a time that examples share, so that they fit together.
LOG_ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
ITEM_ID = "79495b7f-cb87-7bc5-0720-a249abafafd9"
COMMAND_ID = "f62fc572-a9a3-5d71-0071-904bedb5848b"
NOON = "2026-11-24T12:00:00Z"
