"""The one error body: RFC 9457 problem details."""

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One bad field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="where it is, e.g. `query.page_size`")
    message: str = Field(description="what it must be, with the limit")


class Problem(BaseModel):
    """application/problem+json."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="a URI-reference that names the kind of problem, e.g. `/problems/invalid-request`")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
