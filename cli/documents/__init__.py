"""Documents that are made from the code: `python -m cli.documents` writes them, `--check` names stale ones."""
