"""Names of browsers and systems, as people call them, by what a User-Agent says."""

import re
from typing import Final

#: Names of browsers by what their User-Agent has, in the order in which it is looked for: most claim to be another too.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_of(agent: str) -> str:
    """Return browser and system of a User-Agent, as people call them; what is not known is left out."""
    names = (
        next((name for mark, name in known.items() if re.search(rf"\b{mark}\b", agent)), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in names if name)
