"""JSON as any producer may write it: digits, escapes, equal names and white space of every kind."""

import json

from hypothesis import strategies as st

SPACES = st.sampled_from(["", "", "", " ", "\n  ", "\t", "\r\n"])
NUMBERS = st.sampled_from(
    ["0", "-0", "19.90", "1E2", "1e400", "-1E+400", "0.1234567890123456789", "12345678901234567.89", "9" * 40]
) | st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
#: Written with escapes, and without.
STRINGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12).flatmap(
    lambda text: st.sampled_from([json.dumps(text), json.dumps(text, ensure_ascii=False)])
) | st.sampled_from([r'"\/"', r'"\u00e9"', r'"\ud83d\ude00"', r'"\\\""', '"{\\"a\\": 1.0}"', '"[1.0, 1e400]"'])
SCALARS = NUMBERS | STRINGS | st.sampled_from(["true", "false", "null"])


def _array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    element = st.builds("{}{}{}".format, SPACES, inner, SPACES)
    return st.builds("[{}{}]".format, SPACES, st.lists(element, max_size=4).map(",".join))


def _object(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = STRINGS | st.sampled_from(['"a"', '"price"', '"data"'])  # so that some are there twice
    member = st.builds("{}{}{}:{}{}{}".format, SPACES, names, SPACES, SPACES, inner, SPACES)
    return st.builds("{{{}{}}}".format, SPACES, st.lists(member, max_size=4).map(",".join))


TEXTS = st.recursive(SCALARS, lambda inner: _array(inner) | _object(inner), max_leaves=12)
