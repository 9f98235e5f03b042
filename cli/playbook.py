"""The playbook of an installation, from its settings."""

from collections.abc import Callable

from api.playbook_file import PlaybookFile
from api.settings import ApiSettings
from schemas.playbook import Playbook
from schemas.playbook.shipped import shipped


def playbook_of(settings: ApiSettings) -> Callable[[], Playbook]:
    """Return a function that gives the playbook: the file's entries, and what is shipped, read at its first call.

    Raises BadPlaybookError.
    """
    file = None if settings.playbook is None else PlaybookFile(settings.playbook)

    def playbook() -> Playbook:
        known = Playbook(marketplaces=settings.marketplaces, shipped=shipped())
        return known if file is None else known._replace(file=file())

    return playbook
