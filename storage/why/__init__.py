"""Readers of why something went wrong: a bounded sample of results around its beginning, and the acts before it."""
