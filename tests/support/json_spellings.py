"""JSON of a text in any of the ways that writers have: escapes of any letter, in figures of any case, once or twice."""

import json
from random import Random

SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def spelled(text: str, random: Random) -> str:
    """Return the inside of a JSON string that says `text`."""
    return "".join(_character(each, random) for each in text)


def spelled_twice(text: str, random: Random) -> str:
    """Return the inside of a JSON string that is JSON, as in a body that a connector quotes."""
    outer = json.dumps(spelled(text, random), ensure_ascii=random.random() < 0.5)[1:-1]
    return outer.replace("\\\\", random.choice(["\\\\", "\\u005c", "\\u005C"]))


def _character(character: str, random: Random) -> str:
    ways = [_escape(character, random)]
    if character in SHORT:
        ways.append(SHORT[character])
    if character not in '"\\' and character >= " ":
        ways += [character] * 2
    return random.choice(ways)


def _escape(character: str, random: Random) -> str:
    units = character.encode("utf-16-be")
    figures = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join("\\u" + "".join(random.choice([each, each.upper()]) for each in one) for one in figures)
