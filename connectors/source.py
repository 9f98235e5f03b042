"""The `source` of a connector that we run: a setting."""

from typing import Annotated

from pydantic import StringConstraints

Source = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/-]{1,100}$")]
