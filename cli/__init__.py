"""The command line: the commands of `conexoes` are in `cli/commands/`, what they share is beside it."""
