"""Ends, guards and names the worker process; waits for servers that are away."""
