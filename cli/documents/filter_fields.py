"""Fields of the filter without a meaning in SQL, which no reader could apply."""

from collections.abc import Collection


def faults(fields: Collection[str], meanings: Collection[str]) -> list[str]:
    """Name each of `fields`, of schemas.filter, and `meanings`, of storage.filters, that is not among the other."""
    missing, unused = sorted({*fields} - {*meanings}), sorted({*meanings} - {*fields})
    return [
        *(f"storage/filters.py has no meaning for the field {each} of LogFilter" for each in missing),
        *(f"storage/filters.py has a meaning for {each}, which is no field of LogFilter" for each in unused),
    ]
