"""The activity of an account as lines of a file."""

from exports.csv import BYTE_ORDER_MARK, csv_line, guarded
from schemas.catalogue import Language
from schemas.columns import ACTIVITY_COLUMNS
from schemas.shown.activity import ActivityEntry
from schemas.timestamp import to_text
from schemas.words import word, word_of_act


def activity_heading(language: Language) -> bytes:
    """Return the first line of a CSV file."""
    headings = [column.heading(language, "UTC") for column in ACTIVITY_COLUMNS]
    return (BYTE_ORDER_MARK + csv_line(headings, language)).encode()


def activity_csv(act: ActivityEntry, language: Language) -> bytes:
    """Return one act as a line of CSV, guarded and separated as that of logs; times are UTC."""
    cells = {
        "at": to_text(act.at),
        "kind": word("activity", act.kind, language),
        "action": word_of_act(act.kind, act.action, language),
        "about": " ".join(f"{name}={value}" for name, value in act.about.items()),
    }
    texts = ((cells.get(column.name) or getattr(act, column.name) or "") for column in ACTIVITY_COLUMNS)
    return csv_line((guarded(each) for each in texts), language).encode()
