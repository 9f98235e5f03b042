"""The one error body: RFC 9457 problem details."""

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One bad field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="where it is, e.g. `query.page_size`")
    message: str = Field(description="what it must be, with the limit")


class EventRefusal(BaseModel):
    """One event that is no result, with all that is wrong with it."""

    model_config = ConfigDict(frozen=True)

    position: int | None = Field(
        default=None,
        description="of the event, the first is 0; left out when the body as a whole is not what it should be",
    )
    code: str = Field(description="as of a dead letter, e.g. `schema` or `not_allowed`")
    reasons: list[str] = Field(description="sentences for the connector's developer, in English, the true reason first")


class Problem(BaseModel):
    """application/problem+json."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="a URI-reference that names the kind of problem, e.g. `/problems/invalid-request`")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    refusals: list[EventRefusal] | None = Field(default=None, description="of events that were posted, by position")
