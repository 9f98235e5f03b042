"""Changes just before something went wrong, and what the affected have in common: why now.

Pure: results and acts in, causes out. docs/why-now.md has the meaning of each number.
"""
