"""Drills of an operator's rare tasks, on a system of their own: `make restore-drill`."""
