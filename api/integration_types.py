"""The catalogue of integration types, with their labels."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from api.authentication import caller
from api.parameters import NONE
from schemas.catalogue import CATALOGUE
from schemas.reasons.said import Said

router = APIRouter(prefix="/integration-types", tags=["catalogue"], dependencies=[Depends(caller)])


class IntegrationTypeEntry(BaseModel):
    """One integration type."""

    model_config = ConfigDict(frozen=True)

    name: str
    labels: Mapping[str, str]
    key_labels: Mapping[str, str]
    statuses: list[str]
    reprocess_labels: Mapping[str, str]
    reprocessable: bool
    not_reprocessable_reason: Said | None


class IntegrationTypes(BaseModel):
    """All integration types, in the order of the pages."""

    items: list[IntegrationTypeEntry]


@router.get("", dependencies=NONE)
async def list_integration_types() -> IntegrationTypes:
    """The integration types, with their labels in pt, en and es."""
    return IntegrationTypes(
        items=[
            IntegrationTypeEntry(
                name=each.name,
                labels=dict(each.labels),
                key_labels=dict(each.key_labels),
                statuses=list(each.statuses),
                reprocess_labels=dict(each.reprocess_labels),
                reprocessable=each.reprocessable,
                not_reprocessable_reason=each.not_reprocessable_reason,
            )
            for each in CATALOGUE
        ]
    )
