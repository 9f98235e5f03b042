"""Runs reprocess commands: record, materialise, claim, dispatch, expire, judge steps."""
