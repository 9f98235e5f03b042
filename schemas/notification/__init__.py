"""Notifications: rules, when a message is due, its text, and what it is sent by. Pure."""
