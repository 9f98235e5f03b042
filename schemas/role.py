"""What the holder of an access key may do, least first."""

from typing import Literal

Role = Literal["viewer", "operator", "admin"]
