"""Tells people and programs: plans messages about edges of incidents, and sends the outbox."""
