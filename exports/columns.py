"""What a row of an export shows: the one list that CSV and the workbook follow.

`storage/sql/exports/logs.sql` (export_csv) selects the same columns in the same order. A masked field, once there is
such a thing, is masked where rows leave the database: in export_logs, for every format at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.catalogue import IntegrationType, Language, labels

Kind = Literal["text", "time", "number"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the sheet of logs, or of errors."""

    name: str  # the query API's word for it
    labels: Mapping[Language, str]
    kind: Kind = "text"
    width: float = 16  # in characters, of the workbook

    def heading(self, language: Language, timezone: str) -> str:
        """As it stands over the column. A column of times names their zone."""
        label = self.labels[language]
        return f"{label} ({timezone})" if self.kind == "time" else label


_AFFILIATE = Column(name="affiliate", labels=labels("Afiliado", "Affiliate", "Afiliado"), width=12)
_STATUS = Column(name="status", labels=labels("Status", "Status", "Estado"), width=12)
_PROCESSED_AT = Column(
    name="processed_at",
    labels=labels("Data de processamento", "Processing date", "Fecha de procesamiento"),
    kind="time",
    width=24,
)
_CODE = Column(name="code", labels=labels("Código do erro", "Error code", "Código del error"), width=24)
_MESSAGE = Column(name="message", labels=labels("Mensagem", "Message", "Mensaje"), width=60)
_ID = Column(name="id", labels=labels("ID do log", "Log ID", "ID del log"), width=38)


def _key(integration_type: IntegrationType) -> Column:
    return Column(name="key", labels=integration_type.key_labels, width=24)


def log_columns(integration_type: IntegrationType) -> tuple[Column, ...]:
    """One row a log."""
    return (
        _key(integration_type),
        _AFFILIATE,
        _STATUS,
        _PROCESSED_AT,
        _MESSAGE,
        _CODE,
        Column(name="errors", labels=labels("Erros", "Errors", "Errores"), width=60),
        Column(name="attempts", labels=labels("Tentativas", "Attempts", "Intentos"), kind="number", width=11),
        Column(name="first_seen_at", labels=labels("Primeira vez", "First seen", "Primera vez"), kind="time", width=24),
        Column(name="reprocess_state", labels=labels("Reprocessamento", "Reprocess", "Reproceso"), width=18),
        Column(name="link", labels=labels("Link", "Link", "Enlace"), width=30),
        _ID,
    )


def error_columns(integration_type: IntegrationType) -> tuple[Column, ...]:
    """One row an error. A log that failed without listing any has one, with its message."""
    return (
        _key(integration_type),
        _AFFILIATE,
        _STATUS,
        _PROCESSED_AT,
        _CODE,
        _MESSAGE,
        Column(name="severity", labels=labels("Severidade", "Severity", "Severidad"), width=14),
        Column(name="category", labels=labels("Categoria", "Category", "Categoría"), width=18),
        Column(name="field", labels=labels("Campo", "Field", "Campo"), width=18),
        Column(name="fingerprint", labels=labels("Grupo", "Group", "Grupo"), width=18),
        _ID,
    )


#: Of the sheet of logs only: what a person marks to have a log reprocessed.
MARK = Column(name="mark", labels=labels("Reprocessar?", "Reprocess?", "¿Reprocesar?"), width=14)
