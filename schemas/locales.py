"""Locales: formats of dates and numbers for a reader of an unknown region; plurals for every reader."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from babel import Locale

from schemas.catalogue import Language

LOCALE: Final[Mapping[Language, Locale]] = MappingProxyType(
    {"pt": Locale("pt", "BR"), "en": Locale("en", "US"), "es": Locale("es", "419")}
)
