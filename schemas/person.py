"""People who sign in by an issuer of OpenID Connect: the accounts and roles that their groups give them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field

#: Roles of people, the least rights first. A connector is none.
PersonRole = Literal["viewer", "operator", "admin"]
_RANK: dict[PersonRole, int] = {role: rank for rank, role in enumerate(get_args(PersonRole))}


class GroupRights(BaseModel):
    """Rights that a group of the issuer gives its members."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Annotated[str, Field(pattern=r"^([a-z0-9-]{1,64}|\*)$")]  # `*` is every account
    role: PersonRole


class Person(NamedTuple):
    """A person as the issuer tells of them."""

    subject: str  # the issuer's id, which never changes
    name: str  # what every record shows
    groups: frozenset[str]


def roles_of(groups: Iterable[str], rights: Mapping[str, GroupRights]) -> dict[str, PersonRole]:
    """Return a person's role in each account, by account. The greatest counts, where several groups give one."""
    roles: dict[str, PersonRole] = {}
    for group in groups:
        given = rights.get(group)
        if given is not None and (given.account not in roles or _RANK[given.role] > _RANK[roles[given.account]]):
            roles[given.account] = given.role
    return dict(sorted(roles.items()))
