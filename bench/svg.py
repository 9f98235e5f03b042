"""Bar charts as SVG text, readable on a light page and a dark one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LABELS, _BAR, _GAP, _TOP = 860, 300, 18, 9, 44
_ROOM = _WIDTH - _LABELS - 150  # the rest is for the figure after the bar
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-size:15px;font-weight:600}"
    ".ours{fill:#0969da}.other{fill:#8c959f}.second{fill:#bf8700}.span{stroke:#24292f;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.span{stroke:#f0f6fc}}"
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One figure: `value` is drawn, `low` to `high` is the line over it."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: str = "other"  # ours, other or second


def chart(title: str, bars: Sequence[Bar], unit: str) -> str:
    """Horizontal bars from zero, one a line, each with its figure. Raises ValueError when there is none."""
    if not bars:
        raise ValueError("a chart of nothing")
    most = max(max(bar.value, bar.high or 0) for bar in bars) or 1.0
    height = _TOP + len(bars) * (_BAR + _GAP) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="8" y="24">{escape(title)}</text>',
    ]
    for number, bar in enumerate(bars):
        top = _TOP + number * (_BAR + _GAP)
        middle = top + _BAR / 2
        length = bar.value / most * _ROOM
        lines.append(f'<text x="{_LABELS - 8}" y="{middle + 5:g}" text-anchor="end">{escape(bar.label)}</text>')
        lines.append(
            f'<rect class="{bar.kind}" x="{_LABELS}" y="{top}" width="{max(length, 1):.1f}" height="{_BAR}" rx="2"/>'
        )
        if bar.low is not None and bar.high is not None:
            left, right = (_LABELS + each / most * _ROOM for each in (bar.low, bar.high))
            lines.append(f'<path class="span" d="M{left:.1f} {middle:g}H{right:.1f}"/>')
            length = max(length, right - _LABELS)
        lines.append(
            f'<text x="{_LABELS + length + 8:.1f}" y="{middle + 5:g}">{_number(bar.value)} {escape(unit)}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
