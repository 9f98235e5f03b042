"""Names of files and consumer groups that are made of somebody's texts."""

import json
import re
from hashlib import blake2b


def unique_name(kind: str, *texts: str) -> str:
    """Return a name of ASCII letters, digits, `-` and `.`, at most 150 characters behind `kind`.

    Equal texts have the same name, others another one, also where they differ only in what a name can't have.
    """
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(text.strip("/") for text in texts))[:130]
    return f"{kind}-{readable}-{blake2b(json.dumps(texts).encode(), digest_size=6).hexdigest()}"
