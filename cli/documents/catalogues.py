"""The gettext catalogues of the pages: every sentence of the templates and the code, in each language but English."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from admin.pages.languages import LOCALES, SOURCE
from schemas.catalogue import LANGUAGES, Language
from schemas.locales import LOCALE
from schemas.words import VOCABULARY

ADMIN = Path(__file__).parents[2] / "admin"
_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
_HEAD = ("msgid", "msgstr", '"Language:', '"Plural-Forms:', '"MIME-Version:', '"Content-')
#: Plural rule of every language. CLDR has a singular for 0 in Portuguese, but people write "0 registros".
PLURALS = "nplurals=2; plural=(n != 1);"
_OPTIONS = {"**.html": {"encoding": "utf-8", "trimmed": "true", "silent": "false"}}


def catalogues() -> dict[Path, str]:
    """Return text by path: translations stay, new sentences are empty, unused ones are removed."""
    template = _extract()
    return {_path(each): _merged(each, template) for each in LANGUAGES if each != SOURCE}


def faults() -> list[str]:
    """Return sentences about missing or wrong translations, and about messages that are words of the vocabulary."""
    known = {form["en"] for words in VOCABULARY.values() for each in words.values() for form in each}
    repeated = [
        f"admin: {said!r} is a word of schemas.words: use word(...)"
        for message in _extract()
        for said in (message.id if isinstance(message.id, tuple | list) else (message.id,))
        if said in known
    ]
    return repeated + [
        f"{_path(language).relative_to(ADMIN.parent)}: {message.id!r} is {'fuzzy' if message.fuzzy else 'missing'}"
        for language in LANGUAGES
        if language != SOURCE
        for message in read(language)
        if message.id and (message.fuzzy or not _complete(message))
    ]


def _complete(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def _extract() -> Catalog:
    template = Catalog(charset="utf-8")
    found = extract_from_dir(
        ADMIN, method_map=_METHODS, options_map=_OPTIONS, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
    )
    for filename, _line, message, _comments, _context in sorted(found, key=lambda each: (each[0], each[1])):
        template.add(message, locations=[(f"admin/{filename}", 0)])
    return template


def _path(language: Language) -> Path:
    return LOCALES / f"{language}.po"


def read(language: Language) -> Catalog:
    """Return the catalogue as it stands in its file; an empty one where there is none."""
    if not _path(language).exists():
        return Catalog(locale=LOCALE[language])
    with _path(language).open("rb") as source:
        return read_po(source, locale=LOCALE[language])


def _merged(language: Language, template: Catalog) -> str:
    translated = read(language)
    merged = Catalog(locale=LOCALE[language], fuzzy=False)
    merged.mime_headers = [*merged.mime_headers, ("Plural-Forms", PLURALS)]
    for message in template:
        if message.id:
            known = translated.get(message.id)
            merged.add(message.id, known.string if known else "", locations=message.locations)
    out = BytesIO()
    write_po(out, merged, no_location=True, width=110)
    head, _, messages = out.getvalue().decode().partition("\n\n")
    # Without the comment, the dates and the people that a head usually has: they would differ each time.
    kept = [line for line in head.splitlines() if line.startswith(_HEAD)]
    return "\n".join(kept) + f"\n\n{messages.strip()}\n"
