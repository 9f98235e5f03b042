"""Reprocess commands, their items, and the limits of retries to each affiliate."""
