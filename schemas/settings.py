"""Base of every class of settings: environment variables `CONEXOES_…`, and secrets from files too."""

import os
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

_SECRET = "secret"  # noqa: S105 - a key of json_schema_extra
#: End of the name of a variable that says which file has a secret.
FILE = "_FILE"
MAX_SECRET_BYTES = 64 * 1024


def secret(**arguments: Any) -> Any:
    """Describe a field as pydantic's Field does; its value may be in the file that `…_FILE` names instead."""
    return Field(json_schema_extra={_SECRET: True}, **arguments)


def is_secret(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get(_SECRET) is True


class Settings(BaseSettings):
    """Read once, when it is made. An empty variable counts as unset.

    Raises ValidationError for a bad value, SettingsError for a file that can't be read.
    """

    model_config = SettingsConfigDict(
        env_prefix="CONEXOES_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a directory for all; ours is a file for each
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then files of secrets, then the environment."""
        return init_settings, _SecretFiles(settings_cls), env_settings


class _SecretFiles(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{self.config.get('env_prefix', '')}{field_name.upper()}"
        text = _text_of(variable) if is_secret(field) else None
        is_json = self.field_is_complex(field)
        try:
            return self.prepare_field_value(field_name, field, text, is_json), field_name, is_json
        except ValueError as exc:
            raise SettingsError(f"{variable}{FILE}: must be JSON") from exc

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _text_of(variable: str) -> str | None:
    """The text of the file that `variable` with FILE behind it names, without its last line end.

    None where that names none. Raises SettingsError.
    """
    name = f"{variable}{FILE}"
    if not (path := os.environ.get(name)):
        return None
    if os.environ.get(variable):
        raise SettingsError(f"{name}: {variable} is set too; give one of them")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{name}: {path} can't be read: {getattr(exc, 'strerror', None) or exc}") from exc
    if not text or len(content) > MAX_SECRET_BYTES:
        raise SettingsError(f"{name}: {path} must have 1 to {MAX_SECRET_BYTES} bytes")
    return text
