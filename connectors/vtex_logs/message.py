"""One message of a log endpoint, and the result that it is. Pure.

The contract says what happened, but not to which entity, nor when. Members of ours say it, where the endpoint has them;
otherwise the entity is looked for in the payloads, by the names that APIs give it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME
from schemas.raw_json import RawJson
from schemas.reasons.error import ReasonError
from schemas.timestamp import parse

_ORDER: Final = ("orderid", "ordercode", "ordernumber", "marketplaceorderid", "externalorderid", "orderkey")
_SKU: Final = (
    *("skuid", "idsku", "stockkeepingunitid", "sku", "skucode", "sellersku", "itemsku"),
    *("refid", "referenceid", "itemid"),
)
#: Names of an entity in payloads, the better ones first, for types that are about one kind of entity.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("orders", "tracking"), _ORDER),
    **dict.fromkeys(("products", "price", "inventory"), _SKU),
}
#: Other names of an entity that are kept as aliases, by their names here.
_ALIASES: Final = {"marketplaceorderid": "marketplace_order_id", "ean": "ean", "gtin": "ean", "refid": "ref_id"}
#: Members with the time of a message that connectors add, the better ones first.
_TIMES: Final = ("processedat", "createdat", "creationdate", "datetime", "timestamp", "date", "dateat")
#: Members that make a message what it is; others may say another thing each time.
_SAID: Final = (
    *("operation", "direction", "businessmessage", "status"),
    *("contentsource", "contenttranslated", "contenttransalted", "contentdestination"),
    *("integrationtype", "affiliate", "key", "errors"),
    *_TIMES,
)
#: Values of a payload that are looked at: a catalogue of 100,000 SKUs is no entity.
_MAX_VALUES: Final = 10_000
#: Objects and lists that say nothing.
_EMPTY: Final = re.compile(r"\{\s*\}|\[\s*\]")
#: Reads numbers as their text, and what is no number as its name.
_DOCUMENTS: Final = json.JSONDecoder(parse_int=RawJson, parse_float=RawJson, parse_constant=str)
_ELEMENT: Final = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<>]+)</")


class Known(NamedTuple):
    """Names that an installation adds to those that are known."""

    operations: Mapping[str, str]  # operation → type, by `plain`
    keys: Mapping[str, Sequence[str]]  # type → names of its entity


class Message(NamedTuple):
    """A message as it came, by plain names of its members: texts, and RawJson of all else but null."""

    members: Mapping[str, str | RawJson]

    @property
    def event_id(self) -> str:
        """The id of its event: the message's own, and what it says. Read again it is the same; a change is another."""
        said = {name: _parsed(self.members.get(name)) for name in _SAID}
        digest = blake2b(json.dumps(said, sort_keys=True, default=_digits).encode(), digest_size=8).hexdigest()
        return f"{self.text('id')[:100] or 'log'}/{digest}"

    @property
    def number(self) -> int | None:
        """The message's id if it is a number: of two messages the later one has the greater."""
        text = self.text("id")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def text(self, name: str) -> str:
        """Return a member as text, without space around it; an empty one for none."""
        value = self.members.get(name)
        return str(value).strip() if value is not None and _is_scalar(value) else ""

    def named(self, name: str) -> str | None:
        """Return a member of ours exactly as it is; None for none."""
        value = self.members.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def status(self) -> str | None:
        """Our status; `pending` for work that goes on, None for a word that the contract does not have."""
        word = self.text("status").lower()
        return word if word == vtex.PENDING else vtex.STATUS_OF.get(word)

    @property
    def payloads(self) -> tuple[str | RawJson | None, str | RawJson | None, str | RawJson | None]:
        """Payloads of the origin, of the connector and of the destination; None for an empty one."""
        translated = self.payload(vtex.TRANSLATED) or self.payload(vtex.TRANSLATED_AS_IN_THE_EXAMPLE)
        return self.payload(vtex.SOURCE), translated, self.payload(vtex.DESTINATION)

    def payload(self, name: str) -> str | RawJson | None:
        """Return one payload; None for an empty one."""
        value = self.members.get(plain(name))
        is_empty = _EMPTY.fullmatch(value.text) if isinstance(value, RawJson) else not value
        return None if is_empty else value

    def integration_type(self, known: Known) -> str | None:
        """Return its type by its operation; None for an operation that nobody knows."""
        told = self.text("integrationtype")
        return told if told in BY_NAME else known.operations.get(plain(self.text("operation")))

    def at(self, zone: ZoneInfo) -> str | None:
        """Return the time that it says, as RFC 3339; None when it has none. One without an offset is of `zone`."""
        for text in (self.text(name) for name in _TIMES):
            if "T" not in text.upper() and " " not in text:
                continue  # a date alone
            try:
                return text if parse(text) else None
            except ReasonError:
                pass
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                continue
            return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()
        return None


def known_of(operations: Mapping[str, str], keys: Mapping[str, Sequence[str]]) -> Known:
    """Return what is known, with what an installation adds: that comes first."""
    ours = {plain(word): name for word, name in vtex.TYPE_OF.items()}
    return Known(
        ours | {plain(word): name for word, name in operations.items()},
        {name: (*map(plain, keys.get(name, ())), *_KEYS.get(name, (*_SKU, *_ORDER))) for name in BY_NAME},
    )


def plain(name: str) -> str:
    """Return a name as it is compared: in lower case, without spaces, `_` and `-`."""
    return re.sub(r"[\s_-]", "", name).lower()


def message_of(value: RawJson) -> Message | None:
    """Return a message of an answer; None for a value that is none."""
    if not value.text.startswith("{"):
        return None
    members = ((plain(name), each) for name, each in value.fields.items() if each.text != "null")
    return Message({name: each.said or "" if each.text.startswith('"') else each for name, each in members})


def result_of(message: Message, integration_type: str, known: Known) -> dict[str, Any]:
    """Return the data of its result but for account, affiliate and time. `message` must not be pending.

    A type without `warning` has `error` for an alert, of the severity `warning`: the contract's alerts ask somebody to
    act, and nobody looks among successes. A message whose payloads name no entity is an entity of its own, by the id of
    the message: it must be seen all the same.
    """
    source, translated, destination = message.payloads
    names = _names((source, translated, destination))
    key = message.named("key") or next((names[each] for each in known.keys[integration_type] if each in names), None)
    status = message.status or "error"
    told: Any = message.payload("errors")
    if not (isinstance(told, RawJson) and told.text.startswith("[")):
        told = None
    if status not in BY_NAME[integration_type].statuses:
        told = told or [{"message": message.text("businessmessage") or "alert", "severity": status}]
        status = "error"
    aliases = {ours: names[each] for each, ours in _ALIASES.items() if each in names and names[each] != key}
    return {
        "key": key or message.text("id") or message.event_id,
        "status": status,
        "operation": message.text("operation") or None,
        "message": message.text("businessmessage") or None,
        "errors": told,
        "sequence": message.number,
        "aliases": aliases or None,
        "request": translated,
        "response": destination,
        vtex.SOURCE: source,
    }


def _names(payloads: Sequence[str | RawJson | None]) -> dict[str, str]:
    """Return the scalar values of payloads by plain name; of one name the outermost, of the first payload."""
    found: dict[str, str] = {}
    for payload in payloads:
        for name, value in _values(payload):
            if name not in found and (text := str(value).strip()) and len(text) <= 200:
                found[name] = text
    return found


def _values(payload: str | RawJson | None) -> Iterator[tuple[str, Any]]:
    """Yield names and values of a payload, JSON in a text too, the outermost first; elements of XML in order."""
    try:
        found = _DOCUMENTS.decode(str(payload)) if payload is not None else None
    except (ValueError, RecursionError):
        for match in islice(_ELEMENT.finditer(str(payload)), _MAX_VALUES):
            yield plain(match[1]), match[2]
        return
    level: list[Any] = [found]
    left = _MAX_VALUES
    while level and left > 0:
        members = [pair for each in level for pair in _members(each)][:left]
        left -= len(members)
        yield from ((plain(name), value) for name, value in members if _is_scalar(value))
        level = [value for _name, value in members]


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    return (("", each) for each in value) if isinstance(value, list) else ()


def _is_scalar(value: Any) -> bool:
    """Tell texts and numbers from all else."""
    return isinstance(value, str) or (isinstance(value, RawJson) and value.text[0] in "-0123456789")


def _parsed(value: str | RawJson | None) -> Any:
    return _DOCUMENTS.decode(value.text) if isinstance(value, RawJson) else value


def _digits(number: RawJson) -> Any:
    """Return a number for the digest, where it is another value than a text with its digits."""
    return [number.text]
