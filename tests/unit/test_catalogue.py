"""Every entry keeps the same promises; another type is one more entry."""

import re
from xml.etree import ElementTree

import pytest

from schemas.catalogue import BY_NAME, CATALOGUE, LANGUAGES, SEVERITY, IntegrationType
from schemas.policy import Policy
from schemas.topics import Topics

each_type = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)


def test_names_and_topics_are_unique() -> None:
    topics = [name for name, _size in Topics(prefix="p").all()]
    assert len(BY_NAME) == len(CATALOGUE)
    assert len(set(topics)) == len(topics) == 2 * len(CATALOGUE) + 3


@each_type
def test_it_has_every_label_in_every_language(entry: IntegrationType) -> None:
    for labels in (entry.labels, entry.key_labels, entry.reprocess_labels):
        assert set(labels) == {"pt", "en", "es"}
        assert all(labels.values())


@each_type
def test_its_statuses_are_known_and_begin_with_success(entry: IntegrationType) -> None:
    assert entry.statuses[0] == "success"
    assert entry.statuses[-1] == "error"
    assert set(entry.statuses) <= set(SEVERITY)


@each_type
def test_what_may_not_be_reprocessed_says_why(entry: IntegrationType) -> None:
    rule = Policy().for_(entry.name, "MLB")
    assert rule.reprocessable == entry.reprocessable
    assert (rule.reason is None) == entry.reprocessable


@each_type
def test_its_name_fits_a_topic_an_address_and_a_column(entry: IntegrationType) -> None:
    assert re.fullmatch("[a-z][a-z0-9-]{0,31}", entry.name)


@each_type
def test_its_icon_is_a_drawing_and_nothing_else(entry: IntegrationType) -> None:
    """The icon goes into pages unescaped."""
    drawing = ElementTree.fromstring(f"<svg>{entry.icon}</svg>")  # noqa: S314 - our own
    assert {each.tag for each in drawing} <= {"path", "circle", "rect"}
    assert {name for each in drawing for name in each.attrib} <= {"d", "cx", "cy", "r", "x", "y", "width", "height"}


@each_type
def test_an_answer_has_time(entry: IntegrationType) -> None:
    assert 0 < entry.deadline_seconds <= 24 * 3600


def test_what_is_in_the_contract_stays_in_it() -> None:
    """Topics, rows and links of installations have these names: an entry may be added, none renamed or taken out."""
    assert set(BY_NAME) >= {"orders", "products", "tracking", "price", "inventory"}


def test_orders_are_never_sent_again_unasked() -> None:
    """A replayed order would be a second order."""
    assert not BY_NAME["orders"].reprocessable
    assert BY_NAME["orders"].refresh_only


@each_type
def test_its_guides_are_in_every_language(entry: IntegrationType) -> None:
    for affiliate in (*entry.troubleshooting, "one without a guide of its own"):
        for language in LANGUAGES:
            link = entry.troubleshooting_link(affiliate, language)
            assert link.startswith(f"https://help.vtex.com/{language}/troubleshooting")
            assert re.fullmatch(r"https://[a-z.]+(/[a-z-]+)+", link)
        assert entry.troubleshooting_link(affiliate) == entry.troubleshooting_link(affiliate, "en")
    for guide in entry.troubleshooting.values():
        assert len(set(guide.values())) == len(LANGUAGES) == len(guide)
