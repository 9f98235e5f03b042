"""One fault, one fingerprint."""

import pytest

from schemas.fingerprint import fingerprint, normalize

SAME = [
    ("SKU 123 has no price", "SKU 456789 has no price"),
    ('O produto "Tênis azul" não tem EAN', 'O produto "Bola" não tem EAN'),
    ("Order MLB-2000001 not found at 2026-01-02", "Order MLB-99 not found at 2025-12-31"),
    ("Price R$ 10,50 below the minimum of 12.00", "Price R$ 1.234,56 below the minimum of 7"),
    ("see https://a.example/x?id=1 for help", "see https://b.example/y for help"),
    ("<html><body><h1>502 Bad Gateway</h1></body></html>", "<html>\n<body><h1>502  Bad Gateway</h1></html>"),
    ("id 0b5ff2f0-57f5-4c58-8d2f-0e4c3d2a9f11 unknown", "id 6a6e4d83-57f5-4c58-8d2f-0e4c3d2a9f00 unknown"),
]
DIFFERENT = [
    ("SKU 123 has no price", "SKU 123 has no stock"),
    ("timeout while sending", "timeout while reading"),
    ("O preço é inválido", "O estoque é inválido"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_varies_between_entities_is_left_out(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_faults_stay_different(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


def test_type_affiliate_and_code_count() -> None:
    base = fingerprint("price", "MLB", "c", "m")
    others = [
        fingerprint("inventory", "MLB", "c", "m"),
        fingerprint("price", "AMZ", "c", "m"),
        fingerprint("price", "MLB", None, "m"),
        fingerprint("price", "MLB", "c", None),
    ]
    assert len({base, *others}) == 5
    assert len(base) == 16


@pytest.mark.parametrize("text", ["'" * 5000, "<" * 5000, "a" * 1_000_000, "\ud800", "1" * 5000, '"' * 499])
def test_hostile_text_is_no_trouble(text: str) -> None:
    fingerprint("price", "MLB", None, text)
