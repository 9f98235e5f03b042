"""Roles of access keys, the least rights first."""

from typing import Literal

#: A connector only posts results; each of the others may do what those before it may, and more.
Role = Literal["connector", "viewer", "operator", "admin"]
