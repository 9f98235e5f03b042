"""Faults of a type that a marketplace has none of its own for: one for each cure."""

from connectors.simulator.marketplace import Fault, one

ANY_TYPE: tuple[Fault, ...] = (
    one("fixed", "Field {n} of {key} is missing", "data.missing", field="data"),
    one("same", "{key} was refused by rule {n}", "data.refused", category="VALIDATION"),
    one("different", "{key} was changed elsewhere, in version {n}", "data.outdated"),
    one("silent", "No answer within {n} ms", "connector.timeout", category="COMMUNICATION"),
)

#: The fault after a retry whose outcome is another error.
ANOTHER = one("same", "The listing of {key} is under review ({n})", "listing.under_review")
