"""Promises about the next one: how many files whoever adds a type has to change, and that nothing else is needed.

Each change is made in a copy of the tree, and walked through there (tests/next).
"""

from pathlib import Path

from embedded.system import EmbeddedSystem
from tests.support.changed_tree import Changes, copy, walk

TYPE: Changes = {
    "schemas/catalogue.py": [
        (
            "PRICE, INVENTORY)",
            """PRICE, INVENTORY, RETURNS)""",
        ),
        (
            "CATALOGUE: tuple[IntegrationType, ...] =",
            """RETURNS = IntegrationType(
    name="returns",
    labels=labels("Devoluções", "Returns", "Devoluciones"),
    key_labels=labels("Código da devolução", "Return code", "Código de la devolución"),
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
)

CATALOGUE: tuple[IntegrationType, ...] =""",
        ),
    ],
}


async def test_another_type_is_one_entry_of_the_catalogue(tmp_path: Path, servers: EmbeddedSystem) -> None:
    assert len(TYPE) == 1
    copy(tmp_path, TYPE)
    await walk(tmp_path, "tests/next/walk_type.py", servers)
