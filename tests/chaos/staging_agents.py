"""The command line of `cli`, whose agents stage small batches as they stage large ones."""

from typing import Final

from cli.entry import main
from storage.results import store

_FROM: Final = 10

if __name__ == "__main__":
    assert store.__kwdefaults__ is not None and "staged_from" in store.__kwdefaults__  # noqa: PT018
    store.__kwdefaults__["staged_from"] = _FROM
    main()
