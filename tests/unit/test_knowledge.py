"""Shipped knowledge: every fact of every file can be used, and says its source; a bad file is a sentence."""

import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise

import pytest

from schemas.catalogue import LANGUAGES
from schemas.playbook import BadPlaybookError, Playbook, PlaybookEntry, SeenError
from schemas.playbook.entry import MAX_FRAGMENT_CHARACTERS
from schemas.playbook.shipped import ANY, FIELDS, Fact, Shipped, read_facts, shipped
from schemas.shown.playbook import ListedEntry

#: Facts that there are at least.
LEAST = 700
TEXTS = {name: name for name in FIELDS if name.startswith(("cause", "do"))}
#: Words of one language that the others do not have: a text in the wrong column has them.
_FOREIGN = {
    "en": re.compile(r"\b(?:não|você|ção|los|las|una|el|é|está)\b", re.IGNORECASE),
    "pt": re.compile(r"\b(?:the|and|is|with|los|las|el|una|y)\b", re.IGNORECASE),
    "es": re.compile(r"\b(?:the|and|is|with|não|você|uma|e|os)\b", re.IGNORECASE),
}


def fact(text: str = "some.code", marketplace: str = "Mercado Livre", match: str = "code", **more: str) -> Fact:
    values = {"integration_type": ANY, "who": "seller", "helps": "after_fix", "source": "a page", **TEXTS}
    return Fact(**{**values, "text": text, "marketplace": marketplace, "match": match, **more})


def lines(*facts: Fact) -> Iterator[str]:
    yield ",".join(FIELDS)
    for each in facts:
        yield ",".join(f'"{value}"' for value in each)


def test_there_are_as_many_as_promised_and_no_two_are_about_the_same() -> None:
    facts = list(shipped())
    assert len(facts) >= LEAST
    assert len({each.subject for each in facts}) == len(facts)


def test_every_fact_is_in_three_languages_with_its_source_and_can_be_shown() -> None:
    for each in shipped():
        entry = PlaybookEntry.model_validate(vars(each.entry()) | {"origin": "shipped"})
        assert entry.source, each
        assert len(each.text) <= MAX_FRAGMENT_CHARACTERS, each
        for texts in (entry.cause, entry.what_to_do):
            told = [getattr(texts, language) for language in LANGUAGES]
            assert all(told), each
            assert len(set(told)) > 1, f"one text for all languages: {each}"
            assert all(len(text) <= 400 for text in told), f"one or two sentences: {each}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stands_in_the_column_of_another_language(language: str) -> None:
    wrong = [
        (each.text, text)
        for each in shipped()
        for text in (getattr(each, f"cause_{language}"), getattr(each, f"do_{language}"))
        if len(_FOREIGN[language].findall(re.sub(r"[\"'“‘`].*?[\"'”’`]", "", text))) > 1
    ]
    assert wrong == []


def test_every_fact_is_found_by_its_own_text() -> None:
    """A connector of that marketplace sends it; of several facts about one text, one is found."""
    playbook = Playbook(shipped=shipped())
    for each in shipped():
        kind = "price" if each.integration_type == ANY else each.integration_type
        affiliate = "Somewhere" if each.marketplace == ANY else each.marketplace
        seen = SeenError(kind, affiliate, code=each.text if each.match == "code" else None)
        found = playbook.about(seen if each.match == "code" else seen._replace(message=f"So: {each.text}!"))
        assert found is not None, each
        assert found.origin == "shipped", each


@pytest.mark.parametrize(
    ("marketplace", "text", "helps"),
    [
        ("TikTok Shop", "10007002", "no"),  # an order that is closed stays so
        ("TikTok Shop", "21004020", "after_fix"),
        ("Coupang", "Access Denied", "after_fix"),  # to go on makes the block longer
        ("Coupang", "423", "after_fix"),
        ("Lazada", "4170", "no"),  # a lower stock is refused as long as the campaign is on
    ],
)
def test_what_reprocessing_as_it_is_does_not_help_is_no_yes(marketplace: str, text: str, helps: str) -> None:
    [found] = [each for each in shipped() if (each.marketplace, each.text) == (marketplace, text)]
    assert found.helps == helps


def test_files_are_in_one_order_and_named_after_their_marketplace() -> None:
    names = [each.name for each in (files("schemas") / "knowledge").iterdir() if each.name.endswith(".csv")]
    assert names
    assert all(re.fullmatch(r"[a-z0-9-]+\.csv", name) for name in names)


def test_a_file_is_read_with_its_quotes() -> None:
    rows = ",".join(FIELDS), 'any,any,code,E1,seller,,"a, ""b""",b,c,d,e,f,a page'
    [found] = read_facts("x.csv", rows)
    assert (found.cause_en, found.helps, found.entry().helps, found.entry().marketplace) == ('a, "b"', "", None, None)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "x.csv: the first line must be marketplace,integration_type"),
        (["a,b"], "x.csv: the first line must be"),
        ([*lines(fact()), "a,b"], "x.csv, row 3: has 2 fields, not 13"),
        (lines(fact(integration_type="prices")), "row 2: integration_type is 'prices', and must be one of any, orders"),
        (lines(fact(match="words")), "match is 'words', and must be one of code, message"),
        (lines(fact(who="store")), "who is 'store', and must be one of seller, connector, marketplace"),
        (lines(fact(helps="wait")), "helps is 'wait', and must be one of yes, after_fix, no"),
        (lines(fact(cause_pt="", source=" ")), "cause_pt, source must not be empty"),
        (lines(fact("abc", match="message")), "'abc' is too short"),
    ],
)
def test_a_bad_file_is_a_sentence(rows: Iterator[str], sentence: str) -> None:
    with pytest.raises(BadPlaybookError) as raised:
        read_facts("x.csv", rows)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    "second",
    [
        fact(),
        fact("SOME.code"),
        fact(marketplace="Mercado Libre"),
    ],
)
def test_two_about_the_same_are_refused(second: Fact) -> None:
    with pytest.raises(BadPlaybookError, match="is there twice"):
        Shipped([fact(), second])
    others = [fact(integration_type="price"), fact(marketplace="Amazon"), fact(match="message"), fact("another")]
    assert len(Shipped([fact(), *others])) == 5


def test_the_list_of_entries_has_a_place_for_each() -> None:
    """Pages of it go from place to place, so that no two may have the same."""
    entries = [ListedEntry.model_construct(**vars(each.entry())) for each in shipped()]
    places = sorted(each.place for each in entries)
    assert all(before < after for before, after in pairwise(places))
