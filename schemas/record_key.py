"""The key of a Kafka record: `account/affiliate/key`, as producers write it; any other one is for ordering only."""

import json

#: A serializer of a schema registry puts a zero and the number of a schema, in four bytes, before what it writes.
_FRAME_BYTES = 5


def text_of(key: bytes | None) -> str:
    """Return the text of a record key: without the frame of a schema registry, and without the quotes of JSON.

    "" for none. Bytes that are no UTF-8 become U+FFFD, which is in no account.
    """
    if not key:
        return ""
    bare = key[_FRAME_BYTES:] if key[0] == 0 and len(key) > _FRAME_BYTES else key
    text = bare.decode("utf-8", "replace")
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            quoted = json.loads(text)
        except ValueError:
            return text
        return quoted if isinstance(quoted, str) else text
    return text


def is_of_another(key: bytes | None, account: str, affiliate: str, name: str) -> bool:
    """Tell if a record key names the entity of this affiliate and `name`, but of another account."""
    if key is None or key == f"{account}/{affiliate}/{name}".encode("utf-8", "surrogatepass"):
        return False
    text = text_of(key)
    named = text.removesuffix(f"/{affiliate}/{name}")
    return named not in {"", text, account} and "/" not in named
