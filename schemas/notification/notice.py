"""The text of a message: what, since when, how many, the likely cause, what to do, and a link to the very plan."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from schemas.catalogue import BY_NAME, Language
from schemas.incident import Edge, Kind, Severity
from schemas.notification.message import Content
from schemas.notification.rule import About
from schemas.notification.words import ADVICE, PHRASES
from schemas.playbook import Playbook, PlaybookEntry, SeenError
from schemas.words import UNWATCHED, word

#: Facts of an incident that say which error it is about.
_OF_ERROR: Final = ("code", "fingerprint")
#: Incidents of a digest that are told one by one; of more, how many there are.
DIGEST_INCIDENTS: Final = 50
_LOCALES: Final[Mapping[Language, Locale]] = {
    "pt": Locale("pt", "BR"),
    "en": Locale("en"),
    "es": Locale("es"),
}


class Told(NamedTuple):
    """An edge, and the incident as it was then."""

    edge_id: int
    incident_id: int
    account: str
    edge: Edge
    at: datetime
    kind: Kind
    severity: Severity
    integration_type: str | None
    affiliate: str | None
    opened_at: datetime
    began_at: datetime  # for the last time
    facts: Mapping[str, Any]

    @property
    def about(self) -> About:
        """Parts that rules and windows ask for: every kind and type, where an erasure has left them in the facts."""
        own = frozenset() if self.integration_type is None else frozenset({self.integration_type})
        types, kinds = (names_of(self.facts, name) for name in ("integration_types", "kinds"))
        return About(self.affiliate, types or own, kinds or frozenset({self.kind}), self.severity)


class Reader(NamedTuple):
    """The person or program that reads a channel."""

    language: Language
    zone: ZoneInfo


def names_of(facts: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return a list of facts; nothing where there is none."""
    found = facts.get(name)
    return frozenset(each for each in found if isinstance(each, str)) if isinstance(found, list) else frozenset()


def link(public_url: str | None, told: Told) -> str | None:
    """Return the address of the plan that would reprocess what is told, or of the command that stopped, else of the
    incident; None without a URL.
    """
    if public_url is None:
        return None
    account = f"{public_url.rstrip('/')}/{quote(told.account)}"
    if command := told.facts.get("command_id"):
        return f"{account}/reprocess/{quote(str(command), safe='')}"
    chosen = {name: told.facts.get(name) for name in ("fingerprint", "code")}
    kind = BY_NAME.get(told.integration_type or "")
    if told.edge is Edge.RESOLVED or kind is None or not kind.reprocessable or not any(chosen.values()):
        return f"{account}/incidents/{told.incident_id}"
    fault = {"fingerprint": chosen["fingerprint"]} if chosen["fingerprint"] else {"code": chosen["code"]}
    filter_ = {"status": "error"} | ({"affiliate": told.affiliate} if told.affiliate else {}) | fault
    return f"{account}/{kind.name}/reprocess?{urlencode(filter_)}"


def notice(told: Told, reader: Reader, *, playbook: Playbook, public_url: str | None) -> Content:
    """Write the message about one edge."""
    say = _Words(reader)
    entry = _entry(told, playbook)
    address = link(public_url, told)
    lines = _lines(told, entry, say)
    return _content(
        reader.language,
        _title(told, say),
        [lines],
        address,
        say,
        data=_data(told, entry, address, reader.language),
    )


def digest(tolds: Sequence[Told], reader: Reader, *, playbook: Playbook, public_url: str | None) -> Content:
    """Write one message about the edges of a day, in any order: each incident once, by its last edge."""
    say = _Words(reader)
    last: dict[int, Told] = {}
    for each in sorted(tolds, key=lambda told: told.edge_id):
        last[each.incident_id] = each
    shown = sorted(
        last.values(), key=lambda told: (told.edge is Edge.RESOLVED, told.severity != "critical", told.edge_id)
    )
    blocks = [
        [("", _title(each, say)), *_lines(each, _entry(each, playbook), say, short=True)]
        + ([("link", address)] if (address := link(public_url, each)) else [])
        for each in shown[:DIGEST_INCIDENTS]
    ]
    if len(shown) > DIGEST_INCIDENTS:
        blocks.append([("", say.phrase("more") % say.number(len(shown) - DIGEST_INCIDENTS))])
    day = say.moment(max(each.at for each in tolds), "d MMM")
    account = shown[0].account
    title = f"{say.phrase('digest')}: {account}, {day} ({say.number(len(shown))})"
    address = None if public_url is None else f"{public_url.rstrip('/')}/{quote(account)}/incidents"
    data = [_data(each, _entry(each, playbook), link(public_url, each), reader.language) for each in shown]
    return _content(reader.language, title, blocks, address, say, data={"account": account, "incidents": data})


def tried(account: str, reader: Reader, public_url: str | None) -> Content:
    """Write the message that says that a channel works."""
    say = _Words(reader)
    address = None if public_url is None else f"{public_url.rstrip('/')}/{quote(account)}/notifications"
    lines = [("account", account), ("", say.phrase("test_text"))]
    return _content(reader.language, say.phrase("test"), [lines], address, say, data={"account": account, "test": True})


class _Words:
    """Words and figures for one reader."""

    def __init__(self, reader: Reader) -> None:
        self.language = reader.language
        self._zone = reader.zone
        self._locale = _LOCALES[reader.language]

    def phrase(self, name: str) -> str:
        return PHRASES[name][self.language]

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self._locale)

    def percent(self, value: float) -> str:
        return format_percent(value, "#,##0.#%", locale=self._locale)

    def moment(self, at: datetime, pattern: str | None = None) -> str:
        local = at.astimezone(self._zone)
        if pattern is not None:
            return format_datetime(local, pattern, locale=self._locale)
        return f"{format_datetime(local, 'd MMM y, HH:mm', locale=self._locale)} ({self._zone.key})"


def _title(told: Told, say: _Words) -> str:
    only = told.integration_type
    place = " · ".join(filter(None, (told.affiliate, only and _type(only, say.language)))) or told.account
    count = _figure(told, "count")
    number = "" if count is None else f" ({say.number(count)})"
    kind = word("incident", told.kind, say.language)
    unwatched = _unwatched(told)
    edge = (
        word("unwatched", unwatched, say.language, short=True) if unwatched else word("edge", told.edge, say.language)
    )
    return f"{edge}: {place}: {kind[:1].lower()}{kind[1:]}{number}"


def _lines(told: Told, entry: PlaybookEntry | None, say: _Words, *, short: bool = False) -> list[tuple[str, str]]:
    """Return headings and values. `short`: without what the title has already."""
    count, share, usual = (_figure(told, name) for name in ("count", "share", "usual"))
    lines: list[tuple[str, str]] = []
    if not short:
        lines.append(("account", told.account))
        lines += [("affiliate", told.affiliate)] if told.affiliate else []
        types = [_type(each, say.language) for each in sorted(told.about.integration_types)]
        lines += [("type", ", ".join(types))] if types else []
        lines.append(("severity", word("severity", told.severity, say.language)))
    lines.append(("since", say.moment(_since(told))))
    if unwatched := _unwatched(told):
        lines.append(("why", word("unwatched", unwatched, say.language)))
    elif told.edge is Edge.RESOLVED:
        lines.append(("until", say.moment(told.at)))
    lines += [("count", say.number(count))] if count is not None else []
    if share is not None:
        as_usual = "" if usual is None else f" ({say.phrase('usual') % say.percent(usual)})"
        lines.append(("share", say.percent(share) + as_usual))
    lines += [("code", str(code))] if (code := told.facts.get("code")) else []
    if told.edge is not Edge.RESOLVED:
        lines += [("cause", getattr(entry.cause, say.language))] if entry else []
        advice = getattr(entry.what_to_do, say.language) if entry else ADVICE[told.kind][say.language]
        lines.append(("advice", advice))
    return lines


def _unwatched(told: Told) -> str | None:
    """Return the kind of an incident that was closed without being over."""
    found = told.facts.get("unwatched")
    return found if told.edge is Edge.RESOLVED and isinstance(found, str) and found in UNWATCHED else None


def _figure(told: Told, name: str) -> float | None:
    """Return a figure of the facts; None where it has none, whatever else is there."""
    value = told.facts.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _since(told: Told) -> datetime:
    """Return when it began, as far as the facts know; else when it was found."""
    try:
        since = datetime.fromisoformat(str(told.facts.get("since")))
    except ValueError:
        return told.opened_at
    return since if since.tzinfo is not None else told.opened_at


def _type(name: str, language: Language) -> str:
    return BY_NAME[name].labels[language] if name in BY_NAME else name


def _entry(told: Told, playbook: Playbook) -> PlaybookEntry | None:
    code, fingerprint = (None if (fact := told.facts.get(name)) is None else str(fact) for name in _OF_ERROR)
    if code is None and fingerprint is None:
        return None
    return playbook.about(
        SeenError(told.integration_type or "", told.affiliate or "", code=code, fingerprint=fingerprint)
    )


def _data(told: Told, entry: PlaybookEntry | None, address: str | None, language: Language) -> dict[str, Any]:
    return {
        "account": told.account,
        "incident_id": str(told.incident_id),
        "edge": told.edge.value,
        "at": told.at.isoformat(),
        "kind": told.kind.value,
        "severity": told.severity,
        "integration_type": told.integration_type,
        "affiliate": told.affiliate,
        "opened_at": told.opened_at.isoformat(),
        "facts": dict(told.facts),
        "cause": None if entry is None else getattr(entry.cause, language),
        "what_to_do": None if entry is None else getattr(entry.what_to_do, language),
        "link": address,
    }


def _content(
    language: Language,
    title: str,
    blocks: Sequence[Sequence[tuple[str, str]]],
    address: str | None,
    say: _Words,
    *,
    data: Mapping[str, Any],
) -> Content:
    """Write blocks of lines as text and as HTML. A line without a heading is a sentence."""
    title = " ".join(title.split())
    if address is not None:
        blocks = [*blocks, [("link", address)]]
    text = [title] + ["\n".join(_text(each, say) for each in block) for block in blocks]
    html = "".join(f"<p>{'<br>'.join(_html(each, say) for each in block)}</p>" for block in blocks)
    return Content(
        language=language,
        title=title,
        text="\n\n".join(text) + "\n",
        html=f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<body><h1>{escape(title)}</h1>{html}</body></html>",
        data={**data, "title": title},
    )


def _text(line: tuple[str, str], say: _Words) -> str:
    heading, value = line
    return f"{say.phrase(heading)}: {value}" if heading else value


def _html(line: tuple[str, str], say: _Words) -> str:
    heading, value = line
    if heading == "link":
        return f'<a href="{escape(value)}">{escape(say.phrase(heading))}</a>'
    return f"<b>{escape(say.phrase(heading))}:</b> {escape(value)}" if heading else f"<b>{escape(value)}</b>"
