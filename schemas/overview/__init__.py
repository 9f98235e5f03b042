"""The overview of an account: what changed, and each type of each affiliate beside its own usual. Pure."""
