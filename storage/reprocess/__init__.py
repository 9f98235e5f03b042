"""Reads and writes reprocess commands, their items, and what retries may go where."""
