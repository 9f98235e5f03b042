"""The font files of the pages: those that `make fonts` makes."""

from fontTools.ttLib import TTFont

from tests.fonts import faces, make


def test_each_font_file_is_made_of_what_the_style_sheet_says() -> None:
    """`make fonts` mends it. Characters that the source lacks are shown by another font, as they were."""
    found = list(faces())
    assert len(found) == 3
    for face in found:
        assert face.path.read_bytes() == make(face), face.path.name
        with TTFont(face.path) as font:
            [weight] = font["fvar"].axes
            assert (weight.minValue, weight.maxValue) == face.weights
            assert face.characters >= set(font.getBestCmap()) > set()
