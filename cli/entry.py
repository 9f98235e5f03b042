"""Entry point of the command `conexoes`: nothing is imported before Ctrl-C is handled."""

import sys

#: Exit code of a program that Ctrl-C ended, as shells have it: 128 + SIGINT.
INTERRUPTED = 130


def main() -> None:
    """Run the command line. Ctrl-C before it has a handler of its own, in the half second of imports, is no error."""
    try:
        from cli.main import main as run  # noqa: PLC0415 - the imports are what takes so long

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
