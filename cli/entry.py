"""Where the command `conexoes` begins: nothing is imported before Ctrl-C is understood."""

import sys

#: 128 + SIGINT: what a shell says of a program that Ctrl-C ended.
INTERRUPTED = 130


def main() -> None:
    """Run the command line. Ctrl-C before it has a handler of its own, in the half second of imports, is no error."""
    try:
        from cli.main import main as run  # noqa: PLC0415 - the imports are what takes so long

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
