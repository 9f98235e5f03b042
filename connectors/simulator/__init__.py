"""A connector for demos and tests: several marketplaces, all types, failures that a retry fixes and others.

Everything follows from a seed. The texts are of its own making.
"""

from pathlib import Path
from typing import Final

#: What the simulated errors mean and whose turn it is: the playbook of the demo, and an example of one.
PLAYBOOK: Final = Path(__file__).parent / "playbook.toml"
