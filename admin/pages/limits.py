"""Most characters of the fields of forms: those of the models that read them, so that no form cuts what they take."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.envelope import MAX_ATTRIBUTE_CHARACTERS
from schemas.filter import MAX_QUERY_CHARACTERS, MAX_VALUES
from schemas.group import MAX_NOTE_CHARACTERS, MAX_TAG_CHARACTERS, MAX_TAGS, MAX_TICKET_CHARACTERS
from schemas.name import MAX_NAME_CHARACTERS
from schemas.playbook.entry import MAX_FRAGMENT_CHARACTERS, MAX_LINK_CHARACTERS, MAX_TEXT_CHARACTERS
from schemas.reprocess import MAX_REASON_CHARACTERS
from schemas.result import MAX_AFFILIATE_CHARACTERS
from storage.access_keys import MAX_KEY_CHARACTERS
from storage.notifications.definitions import MAX_ADDRESS_CHARACTERS

#: Characters between two values of one field: a comma and a space.
_BETWEEN: Final = 2

#: Limits by name, `most` in every template. The limit of a search is `search_characters`.
MOST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "access_key": MAX_KEY_CHARACTERS,
        "address": MAX_ADDRESS_CHARACTERS,
        "affiliate": MAX_AFFILIATE_CHARACTERS,
        "affiliates": MAX_VALUES * (MAX_AFFILIATE_CHARACTERS + _BETWEEN),
        "fragment": MAX_FRAGMENT_CHARACTERS,
        "link": MAX_LINK_CHARACTERS,
        "name": MAX_NAME_CHARACTERS,
        "note": MAX_NOTE_CHARACTERS,
        "playbook_text": MAX_TEXT_CHARACTERS,
        "query": MAX_QUERY_CHARACTERS,
        "reason": MAX_REASON_CHARACTERS,
        "source": MAX_ATTRIBUTE_CHARACTERS,
        "tags": MAX_TAGS * (MAX_TAG_CHARACTERS + _BETWEEN),
        "ticket": MAX_TICKET_CHARACTERS,
    }
)
