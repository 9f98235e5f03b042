"""Texts of one fault have one fingerprint, texts of another have another: measured on the labelled corpus."""

from collections import Counter

import pytest

from schemas.fingerprint import normalize
from tests.support.fault_corpus import Fault, corpus, grouping

CORPUS = corpus()
DEVELOPMENT = [fault for fault in CORPUS if not fault.is_held_out]
HELD_OUT = [fault for fault in CORPUS if fault.is_held_out]


@pytest.mark.parametrize("part", [DEVELOPMENT, HELD_OUT, CORPUS], ids=["development", "held out", "whole"])
def test_groups_agree_with_the_labels(part: list[Fault]) -> None:
    """Pairs of texts: 97 % of those that are grouped belong together, 97 % of those that do are grouped."""
    measured = grouping(part, normalize)
    assert measured.precision >= 0.97, measured
    assert measured.recall >= 0.97, measured


def test_the_corpus_is_large_and_of_every_kind() -> None:
    texts = [text for fault in CORPUS for text in fault.texts]
    assert len(texts) >= 600
    assert len(CORPUS) >= 180
    assert len(HELD_OUT) >= 60
    for part in (CORPUS, HELD_OUT):
        assert {fault.language for fault in part} >= {"pt", "en", "es", "zh"}
        assert {fault.form for fault in part} == {"plain", "json", "xml", "html"}


def test_a_text_is_of_one_fault() -> None:
    """Labels contradict each other nowhere, and no fault is there twice."""
    assert [fault for fault, count in Counter(fault.fault for fault in CORPUS).items() if count > 1] == []
    assert [
        text for text, count in Counter(text for fault in CORPUS for text in fault.texts).items() if count > 1
    ] == []
    families = {fault.family: fault.is_held_out for fault in CORPUS}
    assert all(families[fault.family] == fault.is_held_out for fault in CORPUS)
