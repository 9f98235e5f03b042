"""Numbers of things, as people write them."""


def many(count: int, noun: str) -> str:
    """Return `1 log`, `2 logs`; the plural of `noun` must be regular: with s, or ies for a y after a consonant."""
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{count} {plural}"
