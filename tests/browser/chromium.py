"""Where the browser is."""

import shutil


def chromium() -> str:
    """The path of Chromium. AssertionError with what to do when there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "no Chromium: `make chromium` installs Debian's"
    return found
