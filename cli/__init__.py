"""The command line: the sub-commands of `conexoes`, which `cli/main.py` puts together."""
