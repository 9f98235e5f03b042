"""Every entry keeps the same promises; a sixth type is one more entry."""

import pytest

from schemas.catalogue import BY_NAME, CATALOGUE, SEVERITY, IntegrationType
from schemas.policy import Policy
from schemas.topics import Topics

each_type = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)


def test_names_and_topics_are_unique() -> None:
    topics = [name for name, _size in Topics("p").all()]
    assert len(BY_NAME) == len(CATALOGUE)
    assert len(set(topics)) == len(topics) == 2 * len(CATALOGUE) + 2


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


def test_the_design_s_table() -> None:
    assert [(e.name, e.labels["pt"], e.key_labels["pt"], e.statuses, e.reprocessable) for e in CATALOGUE] == [
        ("orders", "Pedidos", "ID", ("success", "error"), False),
        ("products", "Produtos", "Código do SKU", ("success", "error"), True),
        ("tracking", "Rastreamento", "Código do pedido", ("success", "warning", "error"), True),
        ("price", "Preço", "Código do SKU", ("success", "warning", "error"), True),
        ("inventory", "Inventário", "Código do SKU", ("success", "error"), True),
    ]
