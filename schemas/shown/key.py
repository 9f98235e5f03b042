"""The access key of a caller, as the query API shows it."""

from pydantic import Field

from schemas.example import example
from schemas.role import Role
from schemas.shown.base import Shown


class OwnKey(Shown):
    """The key that a request carries: its name and its rights, without the secret."""

    model_config = example(
        name="the admin of the store", account="demo", role="operator", may_export=True, may_see_evidence=True
    )

    name: str = Field(description="as the audit has it")
    account: str | None = Field(description="the one account that it is for; null: every account")
    role: Role
    may_export: bool = Field(description="it may export all logs that a filter matches")
    may_see_evidence: bool = Field(description="it may see request, response, unknown fields, values of dead letters")
