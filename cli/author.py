"""The author of what is done by the command line, where nobody is named: the login."""

import getpass


def command_line_author() -> str:
    """Return the login, and that it was the command line."""
    return f"{getpass.getuser()} (command line)"
