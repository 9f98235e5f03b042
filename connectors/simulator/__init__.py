"""A connector for demos and tests: several marketplaces, all types, failures that a retry fixes and that it does not.

Everything follows from a seed. The texts are invented.
"""

from pathlib import Path
from typing import Final

#: The playbook of the demo, and an example of one: causes of the simulated errors, and who must act.
PLAYBOOK: Final = Path(__file__).parent / "playbook.toml"
