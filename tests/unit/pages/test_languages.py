"""Languages: who gets which, and that every sentence is there in each."""

import re
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal

from admin.pages import languages, times
from admin.pages.findings import WayName
from admin.pages.playbook import SUBJECTS
from admin.pages.visitor import THEMES
from admin.pages.words import OWN, Kind, Own, word
from cli.documents import catalogues
from schemas.catalogue import LANGUAGES, Language
from schemas.fault_class import FaultClass
from schemas.locales import LOCALE
from schemas.notification.words import ADVICE
from schemas.overview.comparison import Difference
from schemas.overview.departure import Departure
from schemas.playbook import Origin
from schemas.playbook.entry import Helps
from schemas.playbook.shipped import shipped
from schemas.words import VOCABULARY
from storage.playbook import Action

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_ADVICE = {
    *(each["es"] for each in ADVICE.values()),
    *(text.es for each in shipped() for text in (each.entry().cause, each.entry().what_to_do)),
}
_TU = re.compile(
    r"(?:^|[.!?] )(?:abre|avisa|comprueba|corrige|cópialo|crea|decide|elige|envía|escribe|espera|haz|lee|mira|"
    r"pide|prueba|reprocesa|revisa|usa|verifica)\b|\b(?:tus?|puedes|tienes|debes)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{n\}")


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        (None, None, "", "pt"),
        (None, None, "de, fr;q=0.9", "pt"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "es-AR, pt;q=0.9", "es"),
        (None, None, "es;q=0.2, en;q=0.7", "en"),
        (None, None, "en;q=0", "pt"),
        (None, None, "en;q=x, es", "es"),
        (None, "es", "en", "es"),
        ("en", "es", "pt", "en"),
        ("xx", "es", "pt", "es"),
    ],
)
def test_who_gets_which(asked: str | None, kept: str | None, accepted: str, chosen: str) -> None:
    assert languages.choose(asked, kept, accepted) == chosen


@pytest.mark.parametrize(
    ("language", "tags", "number"),
    [
        *(("es", f"es-{region}", "12.380,5") for region in ("AR", "BO", "CL", "CO", "EC", "ES", "PY", "UY", "VE")),
        *(("es", f"es-{region}", "12,380.5") for region in ("DO", "GT", "MX", "PE", "US")),
        ("es", "es", "12,380.5"),
        ("es", "es, es-AR;q=0.8", "12.380,5"),  # a language alone says no region
        ("es", "pt-BR, es-UY;q=0.5, es-MX;q=0.2", "12.380,5"),  # the first of the language that is shown
        ("es", "pt-BR", "12,380.5"),
        ("pt", "pt-BR", "12.380,5"),
        ("pt", "pt-PT", "12\N{NO-BREAK SPACE}380,5"),
        ("pt", "", "12.380,5"),
        ("en", "en-GB", "12,380.5"),
        ("en", "en-XX", "12,380.5"),
        ("es", "es-AR-u-nu-arab, es-!, es_AR, es-" + "x" * 600, "12,380.5"),
    ],
)
def test_numbers_are_written_as_in_the_readers_region(language: Language, tags: str, number: str) -> None:
    found = languages.locale(language, tags)
    assert format_decimal(12380.5, locale=found) == number
    assert found.language == language


@pytest.mark.parametrize(("language", "forms"), [("pt", "registro"), ("en", "record"), ("es", "registro")])
def test_only_one_is_one(language: Language, forms: str) -> None:
    catalogue = languages.load()[language]
    assert [catalogue.ngettext("record", "records", n) for n in (0, 1, 2)] == [forms + "s", forms, forms + "s"]


def test_nothing_is_left_to_translate() -> None:
    assert catalogues.faults() == []


@pytest.mark.parametrize("language", ["pt", "es"])
def test_a_translation_has_the_same_places_to_fill(language: Language) -> None:
    for message in catalogues.read(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id or ())
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for english, translated in zip(ids, strings, strict=True):
            assert sorted(_PLACEHOLDER.findall(english)) == sorted(_PLACEHOLDER.findall(translated)), english


def test_spanish_says_usted() -> None:
    """Imperatives of *tú* are told by their place, at the beginning of a sentence: elsewhere they are other words."""
    pages = {text for each in catalogues.read("es") for text in ([each.string] if each.id else []) if text}
    texts = {*(text for each in pages for text in ([each] if isinstance(each, str) else each)), *_ADVICE}
    assert [each for each in texts if _TU.search(each)] == []
    assert all(_TU.search(each) for each in ("Mira si anda.", "Así es. Cópialo ahora.", "Tu clave"))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("period", times.PERIODS),
        ("theme", THEMES),
        ("origin", (*get_args(Origin), "unknown")),
        ("helps", get_args(Helps)),
        ("subject", SUBJECTS),
        ("change", get_args(Action)),
        ("fault_class", tuple(FaultClass)),
        ("difference", tuple(Difference)),
        ("departure", tuple(Departure)),
        ("way", get_args(WayName)),
    ],
)
def test_every_word_of_the_pages_own_is_known(kind: Own, names: tuple[str, ...]) -> None:
    assert [name for name in names if name not in OWN[kind]] == []


@pytest.mark.parametrize("kind", [*VOCABULARY, *OWN])
def test_a_word_that_is_not_known_is_shown_as_it_is(kind: Kind) -> None:
    assert word(languages.load()["pt"], "pt", kind, "of tomorrow") == "of tomorrow"


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_are_written_in_each_language(language: Language) -> None:
    locale, zone = LOCALE[language], ZoneInfo("America/Sao_Paulo")
    assert "9" in times.exact(NOW, locale, zone)
    assert "24" in times.brief(NOW, locale, zone)
    assert times.relative(NOW - timedelta(minutes=3), NOW, locale)
    assert "UTC-03:00" in times.zone_label(zone, NOW, locale)


def test_a_zone_that_is_not_known_is_the_default() -> None:
    for name in (None, "", "Mars/Phobos", "../../etc/passwd"):
        assert times.zone(name).key == times.DEFAULT_ZONE
    assert {times.DEFAULT_ZONE, "UTC", "Europe/Madrid"} <= set(times.zone_names())


def test_english_is_written_in_the_code() -> None:
    catalogues_ = languages.load()
    assert set(catalogues_) == {"pt", "en", "es"}
    assert catalogues_["en"].gettext("Orders are not here") == "Orders are not here"
    assert catalogues_["pt"].gettext("Sign in") != "Sign in"


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("en;q=0.001", "en"),
        ("en;q=-1", "pt"),
        ("es;q=0.5, en;q=0.5", "es"),
        ("es;q=0.9, en", "en"),
        ("en;q=1, es", "en"),
        ("es, en;q=1", "es"),
        ("en;level=1;q=0, es;q=0.1", "en"),
        ("x" * 497 + ",en", "en"),
        ("x" * 498 + ",en", "pt"),
        ("x" * 499 + ",en", "pt"),
    ],
)
def test_a_browser_s_wishes_are_read_by_weight_and_not_without_end(accepted: str, chosen: str) -> None:
    """A header is read up to 500 characters; a language that is cut there does not count."""
    assert languages.choose(None, None, accepted) == chosen
