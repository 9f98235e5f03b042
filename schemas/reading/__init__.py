"""Reading of many records of results: usual ones the fast way, all others by `schemas.result`, which has the rules."""
