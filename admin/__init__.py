"""The admin process: the pages, and the endpoints that write: commands, decisions, pauses, exports.

It serves the query API too.
"""
