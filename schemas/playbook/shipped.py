"""Shipped knowledge: facts about public error codes and messages of marketplaces, each with its source.

They are in `schemas/knowledge`, a CSV file for each marketplace: read at the first question, once for a process.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple, get_args

from schemas.catalogue import BY_NAME
from schemas.playbook.codes import formed_codes, is_distinctive, is_umbrella, spellings, told_codes
from schemas.playbook.entry import MIN_FRAGMENT_CHARACTERS, Helps, InEveryLanguage, PlaybookEntry, Who
from schemas.playbook.error import SeenError
from schemas.playbook.marketplaces import VTEX, plain_name, spoken_by
from schemas.playbook.written import MAX_MESSAGE_CHARACTERS, BadPlaybookError

FIELDS: Final = (
    "marketplace",
    "integration_type",
    "match",
    "text",
    "who",
    "helps",
    *("cause_en", "cause_pt", "cause_es"),
    *("do_en", "do_pt", "do_es"),
    "source",
)
ANY: Final = "any"
#: A fragment that is longer says by itself whose it is.
_DISTINCTIVE_FRAGMENT: Final = 24
#: Characters of a code that a marketplace does not use twice.
_LONG_CODE: Final = 5
_SPACES: Final = re.compile(r"\s+")
_LINK: Final = re.compile(r"https?://[!-~]+")


class Fact(NamedTuple):
    """One row of a file, checked."""

    marketplace: str
    integration_type: str
    match: str  # code, message
    text: str
    who: str
    helps: str
    cause_en: str
    cause_pt: str
    cause_es: str
    do_en: str
    do_pt: str
    do_es: str
    source: str

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """Fields that tell it from every other."""
        return plain_name(self.marketplace), self.integration_type, self.match, _plain(self.text)

    def entry(self) -> PlaybookEntry:
        """Return it as an entry of the playbook."""
        is_code = self.match == "code"
        # A row was checked, so nothing is checked again.
        return PlaybookEntry.model_construct(
            fingerprint=None,
            code=self.text if is_code else None,
            message=None if is_code else self.text,
            integration_type=None if self.integration_type == ANY else self.integration_type,
            affiliate=None,
            who=self.who,  # type: ignore[arg-type]
            helps=self.helps or None,  # type: ignore[arg-type]
            link=link[0] if (link := _LINK.fullmatch(self.source)) else None,
            cause=InEveryLanguage.model_construct(pt=self.cause_pt, en=self.cause_en, es=self.cause_es),
            what_to_do=InEveryLanguage.model_construct(pt=self.do_pt, en=self.do_en, es=self.do_es),
            origin="shipped",
            marketplace=None if self.marketplace == ANY else self.marketplace,
            fault_class=None,
            source=self.source,
        )


def read_facts(name: str, lines: Iterable[str]) -> list[Fact]:
    """Read a file's rows. Raises BadPlaybookError with a sentence: the file, the number of the row, what is wrong."""
    rows = csv.reader(lines)
    if tuple(next(rows, ())) != FIELDS:
        raise BadPlaybookError(f"{name}: the first line must be {','.join(FIELDS)}")
    facts = []
    for number, row in enumerate(rows, start=2):
        if fault := _fault(row):
            raise BadPlaybookError(f"{name}, row {number}: {fault}")
        facts.append(Fact(*(each.strip() for each in row)))
    return facts


def _fault(row: list[str]) -> str | None:
    """Say what is wrong with a row; None when it can be used."""
    if len(row) != len(FIELDS):
        return f"has {len(row)} fields, not {len(FIELDS)}"
    values = dict(zip(FIELDS, (each.strip() for each in row), strict=True))
    for name, allowed in _ALLOWED.items():
        if values[name] not in allowed:
            return f"{name} is {values[name]!r}, and must be one of {', '.join(each for each in allowed if each)}"
    missing = [name for name, value in values.items() if not value and name != "helps"]
    if missing:
        return f"{', '.join(missing)} must not be empty"
    if values["match"] == "message" and len(values["text"]) < MIN_FRAGMENT_CHARACTERS:
        return f"text {values['text']!r} is too short to be looked for in messages"
    return None


_ALLOWED: Final = {
    "integration_type": (ANY, *BY_NAME),
    "match": ("code", "message"),
    "who": get_args(Who),
    "helps": (*get_args(Helps), ""),
}


class Shipped:
    """Shipped facts, by code and by fragment."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        """Raises BadPlaybookError when two are about the same."""
        self._facts = tuple(facts)
        self._by_code: dict[str, list[Fact]] = defaultdict(list)
        fragments: dict[str, list[Fact]] = defaultdict(list)
        subjects: set[tuple[str, str, str, str]] = set()
        for each in self._facts:
            if each.subject in subjects:
                raise BadPlaybookError(
                    f"{each.marketplace}, {each.integration_type}: {each.match} {each.text!r} is there twice"
                )
            subjects.add(each.subject)
            (self._by_code if each.match == "code" else fragments)[_plain(each.text)].append(each)
        # Of several fragments in one message the longest says most.
        self._fragments = sorted(fragments.items(), key=lambda item: -len(item[0]))
        self._names = {
            plain_name(each.marketplace): each.marketplace for each in self._facts if each.marketplace != ANY
        }
        #: Codes that say by themselves whose they are, and that one marketplace alone has.
        self._distinctive = frozenset(
            code
            for code, facts in self._by_code.items()
            if is_distinctive(facts[0].text) and len({plain_name(each.marketplace) for each in facts}) == 1
        )

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    def about(self, error: SeenError, marketplace: str | None) -> PlaybookEntry | None:
        """Return the entry about an error of a marketplace, which is None where nobody knows whose affiliate it is.

        The marketplace's own come before those that are anybody's, and codes before fragments; what is said of many
        errors (a status of HTTP, `InvalidInput`) comes last. The answer is looked at where code and message say no more
        than that.
        """
        if not self._facts:
            return None
        search = _Search(self, error.integration_type, marketplace)
        message = (error.message or "")[:MAX_MESSAGE_CHARACTERS]
        found = search.best(error.code, message)
        if (found is None or found.is_umbrella) and error.answer:
            answered = search.best(None, error.answer)
            found = min(filter(None, (found, answered)), key=lambda each: each.rank, default=None)
        if found is None and error.status is not None:
            found = search.best(str(error.status), "")
        return None if found is None else found.fact.entry()

    def name_of(self, affiliate: str) -> str | None:
        """Return the marketplace that an affiliate is called after; None for another affiliate."""
        return self._names.get(plain_name(affiliate))

    def of_code(self, code: str) -> list[Fact]:
        """Return the facts about a code of any marketplace."""
        return self._by_code.get(code, [])

    def is_distinctive(self, code: str) -> bool:
        """Return True for a code that says whose it is, whatever the affiliate."""
        return code in self._distinctive

    def in_text(self, text: str) -> Iterator[list[Fact]]:
        """Give the facts about each fragment that is in a text of `_plain`, the longest fragment first."""
        return (facts for fragment, facts in self._fragments if fragment in text)


class _Found(NamedTuple):
    rank: tuple[int, ...]  # less is better
    fact: Fact

    @property
    def is_umbrella(self) -> bool:
        return self.rank[0] == _UMBRELLA


class _Search:
    """A search for the facts about one error."""

    def __init__(self, shipped: Shipped, integration_type: str, marketplace: str | None) -> None:
        self._shipped = shipped
        self._type = integration_type
        self._own = spoken_by(marketplace) if marketplace else frozenset[str]()

    def best(self, code: str | None, text: str) -> _Found | None:
        """Return the best fact about a code and a text."""
        found = [*self._of_codes(code, text), *self._of_fragments(text)]
        return min(found, key=lambda each: each.rank, default=None)

    def _of_codes(self, code: str | None, text: str) -> Iterator[_Found]:
        looked_up = [(_GIVEN, code)] if code else []
        if text:
            looked_up += [(_TOLD, each) for each in told_codes(text)]
            looked_up += [(_FORMED, each) for each in formed_codes(text)]
        for place, (where, each) in enumerate(looked_up):
            for spelling in spellings(each):
                if where != _FORMED or self._shipped.is_distinctive(spelling):
                    yield from self._of_code(spelling, where, place)

    def _of_fragments(self, text: str) -> Iterator[_Found]:
        for place, facts in enumerate(self._shipped.in_text(_plain(text)) if text else ()):
            for fact in facts:
                owner = self._owner(fact, distinctive=len(fact.text) >= _DISTINCTIVE_FRAGMENT and not self._own)
                if owner is not None and self._is_of_type(fact):
                    yield _Found((_PLAIN, owner, _FRAGMENT, place, fact.integration_type == ANY), fact)

    def _of_code(self, code: str, where: int, place: int) -> Iterator[_Found]:
        distinctive = self._shipped.is_distinctive(code)
        for fact in self._shipped.of_code(code):
            owner = self._owner(fact, distinctive=distinctive)
            other_type = not self._is_of_type(fact)
            # A code that says whose it is, or a long one of the marketplace, means the same in a type where nobody had
            # seen it; short ones are used again for something else.
            says_it = distinctive or (owner == _OWN and len(code) >= _LONG_CODE)
            if owner is not None and (says_it or not other_type):
                rank = (is_umbrella(fact.text), owner, where, place, other_type, fact.integration_type == ANY)
                yield _Found(rank, fact)

    def _is_of_type(self, fact: Fact) -> bool:
        return fact.integration_type in {ANY, self._type}

    def _owner(self, fact: Fact, *, distinctive: bool) -> int | None:
        """Return how near a fact's marketplace is to the error's; None: it is another one's."""
        if fact.marketplace == ANY:
            return _ANYBODYS
        owner = plain_name(fact.marketplace)
        if owner in self._own:
            return _OWN
        if owner == _VTEX and (fact.match == "message" or distinctive):
            return _OF_VTEX  # a connector reads there what it sends, whatever the marketplace
        return _ANOTHERS if distinctive else None


_PLAIN, _UMBRELLA = range(2)
_OWN, _OF_VTEX, _ANOTHERS, _ANYBODYS = range(4)
_GIVEN, _TOLD, _FRAGMENT, _FORMED = range(4)
_VTEX: Final = plain_name(VTEX)


def _plain(text: str) -> str:
    """Return a text to compare by: one form of each letter, lower case, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _SPACES.sub(" ", text.lower()).strip()


@lru_cache(maxsize=1)
def shipped() -> Shipped:
    """Return what came with Conexões. Reads its files at the first call."""
    folder = files("schemas") / "knowledge"
    facts: list[Fact] = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".csv"):
            facts += read_facts(file.name, io.StringIO(file.read_text("utf-8"), newline=""))
    return Shipped(facts)
