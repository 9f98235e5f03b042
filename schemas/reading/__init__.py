"""Reading of many records of results: the usual ones the fast way, all others by `schemas.result`, which has the rules."""
