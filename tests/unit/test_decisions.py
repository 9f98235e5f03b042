"""Decision records: numbered one after the other, each under its own number."""

from cli.documents.__main__ import ROOT


def test_each_number_is_one_decision_and_stands_in_its_heading() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        assert page.read_text("utf-8").startswith(f"# {page.name[:4]}: ")
