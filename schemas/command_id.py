"""The id of a reprocess command: the CloudEvents id of its event."""

import re
from typing import Annotated

from pydantic import StringConstraints

#: Dots only would lead elsewhere in the address of its page.
COMMAND_ID_PATTERN = r"\.*[A-Za-z0-9_:~-][A-Za-z0-9._:~-]*"
MAX_COMMAND_ID_CHARACTERS = 128
CommandId = Annotated[str, StringConstraints(pattern=f"^{COMMAND_ID_PATTERN}$", max_length=MAX_COMMAND_ID_CHARACTERS)]


def is_command_id(text: str) -> bool:
    """True if a command may have this id."""
    return len(text) <= MAX_COMMAND_ID_CHARACTERS and re.fullmatch(COMMAND_ID_PATTERN, text) is not None
