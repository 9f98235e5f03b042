"""The access lists that docs/kafka-security.md tells people to give."""

import re

#: Row of a table: principal, kind, name (empty for a group of one's own), operations.
ROW = re.compile(r"^\| `(\w+)` \| (Topic|Group) (?:`(\S+)`|of its own) \| ([\w, ]+) \|$", re.MULTILINE)
