"""Services of chats that may be a channel, and what is made of a chat's URL."""

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import apprise
from apprise.plugins.base import NotifyBase
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.google_chat import NotifyGoogleChat
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.opsgenie import NotifyOpsgenie
from apprise.plugins.pagerduty import NotifyPagerDuty
from apprise.plugins.pushover import NotifyPushover
from apprise.plugins.rocketchat import NotifyRocketChat
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.webexteams import NotifyWebexTeams
from apprise.plugins.workflows import NotifyWorkflows
from apprise.plugins.zulip import NotifyZulip

from outbound.http import Network

#: Chats that may be a channel, by the schema of their URL: their names, and Apprise's plugin. Apprise knows many more
#: things, among them files, commands of this machine and databases; no other plugin of it is even loaded.
_PLUGINS: Final[Mapping[str, tuple[str, type[NotifyBase]]]] = MappingProxyType(
    {
        "slack": ("Slack", NotifySlack),
        "workflow": ("Microsoft Teams", NotifyWorkflows),
        "workflows": ("Microsoft Teams", NotifyWorkflows),
        "tgram": ("Telegram", NotifyTelegram),
        "discord": ("Discord", NotifyDiscord),
        "gchat": ("Google Chat", NotifyGoogleChat),
        "mmosts": ("Mattermost", NotifyMattermost),
        "mmost": ("Mattermost", NotifyMattermost),
        "rockets": ("Rocket.Chat", NotifyRocketChat),
        "rocket": ("Rocket.Chat", NotifyRocketChat),
        "ntfys": ("ntfy", NotifyNtfy),
        "ntfy": ("ntfy", NotifyNtfy),
        "pover": ("Pushover", NotifyPushover),
        "wxteams": ("Webex", NotifyWebexTeams),
        "zulip": ("Zulip", NotifyZulip),
        "pagerduty": ("PagerDuty", NotifyPagerDuty),
        "opsgenie": ("Opsgenie", NotifyOpsgenie),
    }
)
#: Schemas without TLS.
_PLAIN: Final = frozenset({"mmost", "rocket", "ntfy"})

logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False  # it would write addresses to our log


def plugin_of(url: str) -> NotifyBase | None:
    """Return Apprise's object for a URL, its own form or a service's; None when it can't be read. Connects nowhere."""
    found = _PLUGINS.get(url.partition("://")[0].lower())
    readers = [found[1].parse_url] if found else [each.parse_native_url for _name, each in _PLUGINS.values()]
    plugins = [found[1]] if found else [each for _name, each in _PLUGINS.values()]
    asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True)
    for read, plugin in zip(readers, plugins, strict=True):
        if arguments := read(url):
            try:
                return plugin(**{**arguments, "asset": asset})
            except (TypeError, ValueError):  # what Apprise raises for a token that can't be one
                return None
    return None


def shown_chat(url: str, allowed: Sequence[Network]) -> str | None:
    """Return how a chat is shown: the name of its service. None for a URL that can't be a channel.

    Chats without TLS can be one only where a network of ours is allowed.
    """
    found = plugin_of(url)
    if found is None:
        return None
    schema = str(found.url(privacy=True)).partition("://")[0]  # type: ignore[no-untyped-call]
    if schema in _PLAIN and not allowed:
        return None
    return _PLUGINS[schema][0]
