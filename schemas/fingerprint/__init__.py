"""The fingerprint of a fault: equal for every entity that has the fault, another for another fault.

`digest` makes it. What varies between entities is taken out of the message and what tells faults apart stays;
docs/equal-errors.md has the table of both, `explanation` shows it for one message.
"""

from schemas.fingerprint.digest import FINGERPRINT, Fingerprint, fingerprint
from schemas.fingerprint.normalizer import normalize

__all__ = ["FINGERPRINT", "Fingerprint", "fingerprint", "normalize"]
