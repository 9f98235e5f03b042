"""Runs exports in the background, within limits, and records how each ended."""
