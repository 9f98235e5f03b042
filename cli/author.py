"""The author of what is done by the command line, where nobody is named: the login."""

import getpass

from schemas.reprocess import OURSELVES


def command_line_author() -> str:
    """Return the login, and that it was the command line."""
    return f"{getpass.getuser()} (command line)"


def login_name() -> str:
    """Return the login. That of our own image has the name that is reserved for ourselves: it was the command line."""
    name = getpass.getuser()
    return command_line_author() if name == OURSELVES else name
