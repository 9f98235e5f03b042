"""Makes the font files of the pages, in admin/static/vendor, from those of Public Sans that npm has: `make fonts`.

`admin/static/tokens.css` says which files there are, with the characters and weights of each. A file has just these,
with kerning. Its figures are the tabular ones, which all pages ask for. Its unit is a thousandth of an em, of which an
outline may be off by one: 0.015 px of our text.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.varLib.instancer import OverlapMode, instantiateVariableFont

from admin.pages.assets import STATIC

#: Files as they come, of the version that package-lock.json has.
PACKAGE = Path(__file__).parents[1] / "node_modules/@fontsource-variable/public-sans"
UNITS_PER_EM = 1000
#: Distance, in units, by which a point between two others may be off.
TOLERANCE = 1
_FACE = re.compile(
    r'@font-face \{[^}]*font-weight: (\d+) (\d+);[^}]*url\("([^"]+-(latin|latin-ext|latin-more)\.woff2)"\)'
    r"[^}]*unicode-range: ([^;]+);"
)
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")


class Face(NamedTuple):
    """One file, as the style sheet says it."""

    path: Path
    source: Path
    weights: tuple[int, int]
    characters: frozenset[int]


def faces() -> Iterator[Face]:
    """Yield each file that tokens.css names."""
    for lightest, boldest, name, part, ranges in _FACE.findall((STATIC / "tokens.css").read_text("utf-8")):
        source = PACKAGE / f"files/public-sans-{part.removesuffix('-more')}-wght-normal.woff2"
        yield Face(STATIC / name, source, (int(lightest), int(boldest)), characters_of(ranges))


def characters_of(ranges: str) -> frozenset[int]:
    """Return the characters of a `unicode-range`."""
    found = [(int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(ranges)]
    return frozenset(each for first, last in found for each in range(first, last + 1))


def make(face: Face) -> bytes:
    """Return the content of a file. The same each time, for the versions that the lock files have."""
    font = TTFont(face.source, recalcTimestamp=False)
    _make_figures_tabular(font)
    instantiateVariableFont(font, {"wght": face.weights}, inplace=True, overlap=OverlapMode.KEEP_AND_DONT_SET_FLAGS)
    scale_upem(font, UNITS_PER_EM)
    _forget_small_moves(font)
    options = Options(layout_features=["kern"], hinting=False, name_IDs=[], notdef_outline=False, drop_tables=["gasp"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=face.characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def _make_figures_tabular(font: Any) -> None:
    """Give each character the glyph that the feature `tnum` would."""
    table, glyphs = font["GSUB"].table, {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for subtable in table.LookupList.Lookup[index].SubTable:
                    glyphs.update(getattr(subtable, "ExtSubTable", subtable).mapping)
    for each in font["cmap"].tables:
        each.cmap = {character: glyphs.get(name, name) for character, name in each.cmap.items()}


def _forget_small_moves(font: Any) -> None:
    """Leave out moves between weights that those of the points beside one bring about as well."""
    glyf, metrics = font["glyf"], font["hmtx"].metrics
    for name, variations in font["gvar"].variations.items():
        points, control = glyf._getCoordinatesAndControls(name, metrics)
        for each in variations:
            each.calcInferredDeltas(points, control.endPts)
            each.roundDeltas()
            each.optimize(points, control.endPts, tolerance=TOLERANCE)


if __name__ == "__main__":
    for face in faces():
        face.path.write_bytes(make(face))
