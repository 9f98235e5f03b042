"""Requests and messages that leave our network: HTTP, signatures, e-mail, chats, and how their addresses are kept."""
