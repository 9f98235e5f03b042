"""What people use: the two write endpoints (a command, which is only produced; a decision about a group) and the pages.

Serves the query API too.
"""
