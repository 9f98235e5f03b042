"""Roles of access keys, the least rights first."""

from typing import Literal

Role = Literal["viewer", "operator", "admin"]
