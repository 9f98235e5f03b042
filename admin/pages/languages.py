"""The languages of the pages: the choice for a person, and the gettext catalogues.

Sentences stand in templates and code in English; `admin/locales/*.po` has the others. `make check` refuses one that
is missing, fuzzy or no longer used.
"""

import gettext
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from schemas.catalogue import LANGUAGES, Language
from schemas.locales import LOCALE

LOCALES = Path(__file__).parents[1] / "locales"
DEFAULT: Final[Language] = "pt"
#: Names of the languages, each in its own words.
NAMES: Mapping[Language, str] = MappingProxyType({"pt": "Português", "en": "English", "es": "Español"})
SOURCE: Final[Language] = "en"


def load() -> Mapping[Language, gettext.NullTranslations]:
    """Return the catalogue of each language; that of English is empty, since the sentences are in English."""
    return MappingProxyType({each: _load(each) for each in LANGUAGES})


def _load(language: Language) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    with (LOCALES / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=LOCALE[language])
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def choose(asked: str | None, kept: str | None, accept_language: str) -> Language:
    """Return the language of the address, else the one chosen before, else the browser's, else Portuguese."""
    for each in (asked, kept):
        if (known := _known(each)) is not None:
            return known
    for tag in _preferred(accept_language):
        if (known := _known(tag)) is not None:
            return known
    return DEFAULT


def locale(language: Language, accept_language: str) -> Locale:
    """Return the formats of dates and numbers of the reader's region: 12.380 in es-AR, 12,380 in es-MX.

    It is the region that the browser prefers for `language`, where CLDR knows it; LOCALE's otherwise.
    """
    for tag in _preferred(accept_language):
        if _known(tag) == language and (regional := _regional(tag)) is not None:
            return regional
    return LOCALE[language]


def _regional(tag: str) -> Locale | None:
    try:
        found = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    return found if found.territory else None


def _known(tag: str | None) -> Language | None:
    primary = (tag or "").partition("-")[0].lower()
    return next((each for each in LANGUAGES if each == primary), None)


def _preferred(accept_language: str) -> list[str]:
    """Return the tags of an Accept-Language header, most preferred first."""
    found = []
    for part in accept_language[:500].split(","):
        tag, _, parameters = part.partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            found.append((float(weight) if name.strip() == "q" else 1.0, tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(found, key=lambda each: -each[0]) if weight > 0]
