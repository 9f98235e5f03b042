"""Notifications in PostgreSQL: what people define, the messages that follow from it, and their delivery."""
