"""`conexoes fingerprint`: which errors are one fault, and why."""

import json
import sys
from typing import Any

from cli.installation import UnusableError
from schemas.fingerprint.explanation import Explanation, Noted


def texts_of(given: list[str]) -> list[str]:
    """Return the texts of the command line, or standard input as one text. Raises UnusableError when there is none."""
    if given:
        return given
    read = "" if sys.stdin.isatty() else sys.stdin.read()
    if not read.strip():
        raise UnusableError("Give the text of an error, in quotation marks or at standard input.")
    return [read]


def lines_of(each: Explanation) -> list[str]:
    """Return an explanation as lines of text."""
    return [
        f"{each.fingerprint}  {each.words}",
        *(_line("kept", noted) for noted in each.kept),
        *(_line("replaced", noted) for noted in each.replaced),
    ]


def _line(what: str, noted: Noted) -> str:
    return f"  {what:<9} {noted.part}: {' '.join(noted.text.split())}"


def document_of(each: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    kept, replaced = ([noted._asdict() for noted in part] for part in (each.kept, each.replaced))
    return {"fingerprint": each.fingerprint, "words": each.words, "kept": kept, "replaced": replaced}


def shown(explained: list[Explanation], *, explaining: bool, as_json: bool) -> list[str]:
    """Return the lines of the command: at least one for each text, one as JSON; at last the number of faults."""
    if as_json:
        documents = [document_of(each) for each in explained]
        whole = documents if explaining else [{"fingerprint": each["fingerprint"]} for each in documents]
        return [json.dumps(each, ensure_ascii=False) for each in whole]
    lines = [line for each in explained for line in (lines_of(each) if explaining else [each.fingerprint])]
    if explaining and len(explained) > 1:
        faults = len({each.fingerprint for each in explained})
        lines.append(f"{len(explained)} texts, {faults} {'fault' if faults == 1 else 'faults'}")
    return lines
