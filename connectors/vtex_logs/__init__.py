"""The bridge to connectors that serve VTEX's log contract: what they list becomes results."""
