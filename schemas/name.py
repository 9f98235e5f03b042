"""Names that people give to a view, a key, a channel or a rule."""

from typing import Annotated, Final

from pydantic import StringConstraints

MAX_NAME_CHARACTERS: Final = 80

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_CHARACTERS, strip_whitespace=True)]
