"""Errors of settings, as sentences that name the environment variable."""

import re
from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_settings import SettingsError

from connectors.simulator.settings import SimulatorSettings
from schemas.reasons.error import fault_of, reason_of

_FIELD = re.compile(r'field "(\w+)"')


def sentences(exc: ValidationError | SettingsError) -> Iterator[str]:
    """Yield a sentence for each fault; a fault of several variables names them itself."""
    if isinstance(exc, SettingsError):  # a value that should be JSON and is not
        found = _FIELD.search(str(exc))
        yield f"{_variable(found[1])}: must be JSON" if found else str(exc)
        return
    for error in exc.errors(include_url=False):
        said = fault_of(reason_of("", error))
        name, *within = (str(part) for part in error["loc"] or ("",))
        yield ": ".join([*([_variable(name)] if name else []), *([".".join(within)] if within else []), said])


def _variable(field: str) -> str:
    settings = SimulatorSettings.model_fields
    return f"{'CONEXOES_SIMULATE_' if field in settings else 'CONEXOES_'}{field.upper()}"
