"""Notifications: rules, channels, maintenance windows, and the log. A key of the role admin changes them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, TypeAdapter, ValidationError

from admin.pages import times
from admin.pages.languages import NAMES
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.saved_views import read_name
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage
from api import listings
from api.authentication import admin_of
from api.problems import ProblemError, invalid, invalid_model, not_found
from outbound.chat_services import shown_chat
from outbound.email import is_address, masked
from outbound.http import Url, refuse_plain
from outbound.sealed import Sealer
from outbound.settings import NotificationSettings
from outbound.webhook import new_secret
from schemas.catalogue import CATALOGUE, LANGUAGES
from schemas.event_out import EventType
from schemas.incident import Kind
from schemas.notification import words
from schemas.notification.message import ChannelKind, MessageState
from schemas.notification.notice import Reader, tried
from schemas.notification.rule import SEVERITIES, Rule, Scope
from schemas.reasons.code import ReasonCode
from schemas.reprocess import WhyAsked
from schemas.shown.notification import ShownChannel
from schemas.words import word
from storage.errors import RowRefused
from storage.notifications import definitions
from storage.notifications.definitions import MAX_ADDRESS_CHARACTERS, MAX_CHANNELS, MAX_RULES, Author, NewChannel
from storage.reprocess import affiliates
from storage.reprocess.audit import UsedKey

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MESSAGES_A_PAGE: Final = 50
_KINDS: Final[tuple[ChannelKind, ...]] = get_args(ChannelKind)
#: A new rule, as its form begins.
_BLANK: Final = Rule(name="-")
_URL: Final = TypeAdapter(Url)
_DAYS: Final = frozenset("1234567")
_MIDNIGHT: Final = "00:00"
ChannelAct = Literal["test", "remove"]
M = TypeVar("M", bound=BaseModel)


class _Asked(BaseModel):
    """The rest of the form of a maintenance window, beside its times and its part of the account."""

    reason: WhyAsked


@router.get(f"{ACCOUNT}/notifications")
async def notifications_page(
    request: Request,
    who: OwnPage,
    rule: uuid.UUID | None = None,
    state: MessageState | None = None,
    page_token: str | None = None,
) -> Response:
    """Show rules, channels, maintenance windows, the log of messages, and who changed what. `rule` is to be changed."""
    return await _page(request, who, rule=rule, state=state, page_token=page_token)


@router.post(f"{ACCOUNT}/notifications/channels")
async def make_channel(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Make a channel. The secret of a webhook is shown once, on this answer."""
    admin_of(who.grant, who.account)
    reader = request.app.state.reader
    if len(await definitions.list_channels(reader, who.account)) >= MAX_CHANNELS:
        raise invalid("channels", ReasonCode.FIELD_TOO_MANY, limit=MAX_CHANNELS)
    new, secret = read_channel(fields, request.app.state.notifications, request.app.state.sealer)
    try:
        await definitions.make_channel(request.app.state.writer, who.account, new, _author(who))
    except RowRefused:
        raise name_taken() from None
    if secret is None:
        return _back(who, "channels")
    return await _page(request, who, secret=secret, secret_of=new.name)


@router.post(f"{ACCOUNT}/notifications/channels/{{channel_id:uuid}}/{{act}}")
async def change_channel(
    request: Request, who: OwnPage, channel_id: uuid.UUID, act: ChannelAct, _fields: OwnForm
) -> Response:
    """Send a test message to a channel, or remove it with its address."""
    admin_of(who.grant, who.account)
    channels = await definitions.list_channels(request.app.state.reader, who.account)
    channel = next((each for each in channels if each.id == str(channel_id)), None)
    if channel is None:
        raise not_found()
    if act == "test":
        await _test(request, who, channel)
        return _back(who, "log")
    await definitions.remove_channel(request.app.state.writer, who.account, channel_id, _author(who))
    return _back(who, "channels")


@router.post(f"{ACCOUNT}/notifications/rules")
async def put_rule(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Make a rule, or change the one that the form is of."""
    admin_of(who.grant, who.account)
    known = {each.id for each in await definitions.list_rules(request.app.state.reader, who.account)}
    given = dict(fields).get("rule", "")
    if given and given not in known:
        raise not_found()
    if not given and len(known) >= MAX_RULES:
        raise invalid("rules", ReasonCode.FIELD_TOO_MANY, limit=MAX_RULES)
    rule, channels = read_rule(fields)
    await definitions.put_rule(
        request.app.state.writer,
        who.account,
        uuid.UUID(given) if given else uuid.uuid4(),
        rule,
        channels=channels,
        author=_author(who),
    )
    return _back(who, "rules")


@router.post(f"{ACCOUNT}/notifications/rules/{{rule_id:uuid}}/remove")
async def remove_rule(request: Request, who: OwnPage, rule_id: uuid.UUID, _fields: OwnForm) -> Response:
    """Remove a rule. What it has planned is sent."""
    admin_of(who.grant, who.account)
    if not await definitions.delete_rule(request.app.state.writer, who.account, rule_id, _author(who)):
        raise not_found()
    return _back(who, "rules")


@router.post(f"{ACCOUNT}/notifications/windows")
async def make_window(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Make a maintenance window: nothing of its part of the account is told while it lasts."""
    admin_of(who.grant, who.account)
    given = dict(fields)
    begins_at, ends_at = (_moment(name, given.get(name, ""), who.visitor.zone) for name in ("begins_at", "ends_at"))
    if begins_at >= ends_at:
        raise invalid("ends_at", ReasonCode.RANGE_BACKWARDS, first="begins_at", last="ends_at")
    await definitions.make_window(
        request.app.state.writer,
        who.account,
        begins_at=begins_at,
        ends_at=ends_at,
        scope=_model(Scope, _scope(fields)),
        reason=_model(_Asked, {"reason": given.get("reason")}).reason,
        author=_author(who),
    )
    return _back(who, "windows")


@router.post(f"{ACCOUNT}/notifications/windows/{{window_id:uuid}}/remove")
async def remove_window(request: Request, who: OwnPage, window_id: uuid.UUID, _fields: OwnForm) -> Response:
    """Remove a maintenance window."""
    admin_of(who.grant, who.account)
    if not await definitions.delete_window(request.app.state.writer, who.account, window_id, _author(who)):
        raise not_found()
    return _back(who, "windows")


def name_taken() -> ProblemError:
    """Return the 409 problem of a name that another channel has."""
    return invalid("name", ReasonCode.NAME_TAKEN, 409)


def read_channel(
    fields: Sequence[tuple[str, str]], settings: NotificationSettings, sealer: Sealer
) -> tuple[NewChannel, str | None]:
    """Read the form of a channel. Returns it with its address sealed, and a new secret for a webhook.

    Raises the 422 problem of the first field that is wrong. No message has the address: it may be a secret.
    """
    given = dict(fields)
    kind = _one_of("kind", given.get("kind", ""), _KINDS)
    address = given.get("address", "").strip()
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise invalid("address", ReasonCode.FIELD_TOO_LONG, limit=MAX_ADDRESS_CHARACTERS)
    shown = _shown(kind, address, settings)
    if shown is None:
        raise invalid("address", ReasonCode.CHANNEL_ADDRESS)
    takes_events = kind in {"webhook", "topic"}
    secret = new_secret() if kind == "webhook" else None
    new = NewChannel(
        name=read_name(given.get("name", "")),
        kind=kind,
        shown=shown,
        language=_one_of("language", given.get("language", ""), LANGUAGES),
        time_zone=_one_of("time_zone", given.get("time_zone", ""), times.zone_names()),
        events=[_one_of("events", each, tuple(EventType)) for each in _all(fields, "events")] if takes_events else [],
        address=None if kind == "topic" else sealer.seal(address),
        secret=None if secret is None else sealer.seal(secret),
    )
    return new, secret


def read_rule(fields: Sequence[tuple[str, str]]) -> tuple[Rule, list[uuid.UUID]]:
    """Read the form of a rule, and the ids of its channels. Raises the 422 problem of the first field that is wrong."""
    given = dict(fields)
    begin, end = given.get("begin", ""), given.get("end", "")
    days = [int(each) for each in _all(fields, "days") if each in _DAYS]
    if not (begin or end) and len(days) < len(_DAYS):
        begin = end = _MIDNIGHT  # whole days: hours that end when they begin
    rule = _model(
        Rule,
        {
            **_scope(fields),
            "name": given.get("name", ""),
            "enabled": "enabled" in given,
            "kinds": _all(fields, "kinds"),
            "severity": given.get("severity", ""),
            "hours": {"begin": begin, "end": end, "days": days} if begin or end else None,
            "critical_at_once": "critical_at_once" in given,
            "digest_at": given.get("digest_at") or None,
        },
    )
    try:
        return rule, [uuid.UUID(each) for each in _all(fields, "channels")]
    except ValueError:
        raise invalid("channels", ReasonCode.FIELD_NOT_UUID) from None


def _shown(kind: ChannelKind, address: str, settings: NotificationSettings) -> str | None:
    """Return how an address is shown; None for one that can't be a channel's."""
    if kind == "topic":
        return "Kafka"
    if kind == "email":
        return masked(address) if is_address(address) else None
    allowed = settings.channels_allowed_networks
    if kind == "chat":
        return shown_chat(address, allowed)
    try:
        _URL.validate_python(address)
        refuse_plain(address, allowed, "address")
    except ValueError:
        return None
    host = address.partition("://")[2].partition("/")[0].partition("?")[0]
    return f"{address.partition('://')[0]}://{host}/…"


async def _test(request: Request, who: Member, channel: ShownChannel) -> None:
    settings: NotificationSettings = request.app.state.notifications
    content = tried(who.account, Reader(channel.language, ZoneInfo(channel.time_zone)), settings.public_url)
    await definitions.add_test(
        request.app.state.writer,
        who.account,
        channel,
        content=content.model_dump(mode="json"),
        author=_author(who),
    )


async def _page(
    request: Request,
    who: Member,
    *,
    rule: uuid.UUID | None = None,
    state: MessageState | None = None,
    page_token: str | None = None,
    secret: str | None = None,
    secret_of: str | None = None,
) -> Response:
    reader = request.app.state.reader
    listing = listings.messages(who.account, state, MESSAGES_A_PAGE, page_token)
    after = listing.after_count
    messages = await definitions.list_messages(
        reader, who.account, state=state, after=None if after is None else after[0], limit=listing.limit
    )
    rules = await definitions.list_rules(reader, who.account)
    changed = next((each for each in rules if each.id == str(rule)), None)
    if rule is not None and changed is None:
        raise not_found()
    channels = await definitions.list_channels(reader, who.account)
    has_email = request.app.state.notifications.smtp_host is not None
    return show(
        request,
        who.visitor,
        "notifications.html",
        account=who.account,
        page="notifications",
        rules=rules,
        changed=changed,
        channels=channels,
        channel_names={each.id: each.name for each in channels},
        windows=await definitions.list_windows(reader, who.account),
        changes=await definitions.list_changes(reader, who.account),
        messages=listing.page(messages, request, Response()),
        state=state,
        page_token=page_token,
        states=get_args(MessageState),
        known_affiliates=await affiliates.with_logs(reader, who.account),
        secret=secret,
        secret_of=secret_of,
        has_email=has_email,
        usual_kind="email" if has_email else "chat",
        **_choices(who, channels),
    )


def _choices(who: Member, channels: Sequence[ShownChannel]) -> dict[str, Any]:
    """Return the values that the forms of the page have to choose from, in the reader's language."""
    language, weekdays = who.visitor.language, times.weekdays(who.visitor.locale)
    return {
        "types": CATALOGUE,
        "type_choices": [(each.name, each.labels[language]) for each in CATALOGUE],
        "kinds": tuple(Kind),
        "kind_choices": [(each.value, word("incident", each, language)) for each in Kind],
        "channel_choices": [(each.id, each.name) for each in channels if each.kind != "topic"],
        "weekdays": weekdays,
        "day_choices": list(enumerate(weekdays, start=1)),
        "blank_rule": _BLANK,
        "pairs": lambda values: [(each, each) for each in values],
        "severities": SEVERITIES,
        "event_types": tuple(EventType),
        "said": words,
        "channel_kinds": _KINDS,
        "zones": times.zone_names(),
        "languages": NAMES,
    }


def _back(who: Member, part: str) -> Response:
    return RedirectResponse(f"/{who.account}/notifications#{part}", 303)


def _author(who: Member) -> Author:
    return Author(who.name, UsedKey.grant(who.grant))


def _all(fields: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for each, value in fields if each == name]


def _scope(fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {name: _all(fields, name) for name in ("affiliates", "integration_types")}


def _model(model: type[M], given: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        raise invalid_model(exc) from None


C = TypeVar("C", bound=str)


def _one_of(field: str, given: str, allowed: Sequence[C]) -> C:
    for each in allowed:
        if given == each:
            return each
    raise invalid(field, ReasonCode.FIELD_NOT_ONE_OF, allowed=", ".join(allowed))


def _moment(field: str, given: str, zone: ZoneInfo) -> datetime:
    try:
        return times.read_local(given, zone)
    except ValueError:
        raise invalid(field, ReasonCode.TIME_FORMAT) from None
