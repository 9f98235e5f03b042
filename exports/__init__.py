"""Files that people and programs work with, of everything that a filter matches: xlsx, CSV, JSON Lines."""
