"""`python -m cli` is the command `conexoes`."""

from cli.entry import main

main()
