"""Finds Chromium."""

import shutil


def chromium() -> str:
    """Return the path of Chromium. AssertionError with advice when there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "no Chromium: `make chromium` installs Debian's"
    return found
