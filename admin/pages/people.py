"""People and keys of an account, for its admins: list, new keys, invitations by a link that works once, revocation."""

import uuid
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.saved_views import read_name
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_admin
from api.problems import invalid_model, not_found
from schemas.filter import MAX_VALUES
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reprocess import RequestedBy
from schemas.result import Affiliate
from schemas.role import USUAL_RIGHTS, Role
from schemas.sources import Source
from storage.access_keys import EVERY_ACCOUNT, KeyAuthor, NewKey, list_of, make, revoke

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Life of an invitation.
INVITATION_SECONDS = 3 * 24 * 3600.0
#: Roles that a form may give, the usual one first. A connector is no person, and can't be invited.
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin", "connector")


class NewKeyForm(BaseModel):
    """Fields of the form by which an admin makes a key or an invitation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: RequestedBy
    role: Role
    may_export: bool = False
    may_see_evidence: bool = False
    source: Source | None = None
    affiliates: Annotated[list[Affiliate], Field(max_length=MAX_VALUES)] | None = None
    invite: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_sent(cls, fields: Mapping[str, str]) -> dict[str, object]:
        """Return the fields without empty ones; affiliates are separated by commas."""
        given: dict[str, object] = {name: text for name, text in fields.items() if text.strip()}
        if "affiliates" in given:
            given["affiliates"] = [each.strip() for each in fields["affiliates"].split(",") if each.strip()]
        return given

    @model_validator(mode="after")
    def _connector_is_bound(self) -> "NewKeyForm":
        if self.role == "connector" and (self.invite or not self.source or not self.affiliates):
            raise ReasonError(ReasonCode.CONNECTOR_NOT_BOUND)
        return self


def read_new_key(fields: Mapping[str, str]) -> NewKeyForm:
    """Read the form of a new key. Raises the 422 problem of an invalid value."""
    try:
        return NewKeyForm.model_validate(dict(fields))
    except ValidationError as exc:
        raise invalid_model(exc) from None


@router.get(f"{ACCOUNT}/people")
async def people_page(request: Request, who: OwnPage) -> Response:
    """Show who may use the account: keys and invitations with role, rights, maker and when they were last used."""
    need_admin(who)
    return await _show(request, who)


@router.post(f"{ACCOUNT}/people")
async def make_key(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Make a key, whose secret is shown this once, or an invitation, whose link is."""
    need_admin(who)
    given = dict(fields)
    asked = read_new_key({**given, "name": read_name(given.get("name", ""))})
    is_person = asked.role != "connector"
    key = NewKey(
        account=who.account,
        role=asked.role,
        name=asked.name,
        # Nobody gives a right that they have not.
        may_export=is_person and asked.may_export and who.grant.may_export,
        may_see_evidence=is_person and asked.may_see_evidence and who.grant.may_see_evidence,
        source=None if is_person else asked.source,
        affiliates=None if is_person else asked.affiliates,
    )
    author = KeyAuthor(who.name, who.grant)
    if not asked.invite:
        return await _show(request, who, secret=await make(request.app.state.writer, key, author), made=asked.name)
    invitation = await make(request.app.state.writer, key, author, invited_seconds=INVITATION_SECONDS)
    address = request.app.state.exports.settings.public_url or str(request.base_url)
    link = f"{address.rstrip('/')}/sign-in?invitation={invitation}"
    return await _show(request, who, link=link, made=asked.name)


@router.post(f"{ACCOUNT}/people/{{key_id}}/revoke")
async def revoke_key(
    request: Request, who: OwnPage, key_id: Annotated[uuid.UUID, Path()], _fields: OwnForm
) -> Response:
    """Revoke a key or an invitation. Sessions and streams of the key end within seconds, in every process."""
    need_admin(who)
    author = KeyAuthor(who.name, who.grant)
    if not await revoke(request.app.state.writer, key_id, author, accounts=_accounts(who)):
        raise not_found()
    return RedirectResponse(f"/{who.account}/people", 303)


def _accounts(who: Member) -> list[str]:
    """Return the accounts whose keys a person manages here: those for every account only who has such a key."""
    return [who.account, *([EVERY_ACCOUNT] if who.grant.account == EVERY_ACCOUNT else [])]


async def _show(
    request: Request, who: Member, *, secret: str | None = None, link: str | None = None, made: str | None = None
) -> Response:
    page = show(
        request,
        who.visitor,
        "people.html",
        account=who.account,
        page="people",
        people=await list_of(request.app.state.writer, _accounts(who)),
        every_account=EVERY_ACCOUNT,
        own_id=who.grant.key_id,
        has_bootstrap=request.app.state.authenticator.bootstrap is not None,
        roles=ROLES,
        usual=USUAL_RIGHTS,
        secret=secret,
        link=link,
        made=made,
    )
    page.headers["Cache-Control"] = "no-store"
    return page
