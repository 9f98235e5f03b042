"""Columns of an export: the one table that the workbook, its reader and CSV follow.

A column's kind says how its value is written: for CSV storage.columns makes the expression from it, for a cell
of the workbook exports.excel.rows the value. A masked field, once there is such a thing, is masked where rows leave the
database: in export_logs, for every format at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from schemas.catalogue import IntegrationType, Language, labels

#: `name` is text that is never long, `text` may be cut for a cell; `status`, `state` and `mode` are words of the
#: reader's language; `errors` and `aliases` are listed, `link` begins with the address of the pages, `names` are
#: several, a `share` is of 1, a `flag` is true or false. An `offset` from UTC tells two equal times of the hour that a
#: zone repeats when its summer ends.
Kind = Literal[
    "name",
    "text",
    "time",
    "offset",
    "number",
    "status",
    "state",
    "mode",
    "errors",
    "aliases",
    "link",
    "id",
    "names",
    "share",
    "flag",
]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the sheet of logs, or of errors."""

    name: str  # the query API's word for it
    labels: Mapping[Language, str]
    kind: Kind = "name"
    width: float = 16  # in characters, of the workbook
    listed: bool = False  # on the list page too
    offered: bool = False  # on the list page for whoever chooses it
    of: str | None = None  # the field that its value is made of; None: that of its own name

    def heading(self, language: Language, timezone: str) -> str:
        """Return the heading of the column. A column of times names their zone."""
        label = self.labels[language]
        return f"{label} ({timezone})" if self.kind == "time" else label


_KEY = Column(name="key", labels=labels("Chave", "Key", "Clave"), width=24, listed=True)
_AFFILIATE = Column(name="affiliate", labels=labels("Afiliado", "Affiliate", "Afiliado"), width=12, listed=True)
_STATUS = Column(name="status", labels=labels("Status", "Status", "Estado"), kind="status", width=12, listed=True)
_PROCESSED_AT = Column(
    name="processed_at",
    labels=labels("Data de processamento", "Processing date", "Fecha de procesamiento"),
    kind="time",
    width=24,
    listed=True,
)
_PROCESSED_OFFSET = Column(
    name="processed_at_offset",
    labels=labels(
        "Data de processamento: fuso", "Processing date: UTC offset", "Fecha de procesamiento: diferencia con UTC"
    ),
    kind="offset",
    width=12,
    of="processed_at",
)
_CODE = Column(name="code", labels=labels("Código do erro", "Error code", "Código del error"), width=24, offered=True)
_CATEGORY = Column(name="category", labels=labels("Categoria", "Category", "Categoría"), kind="text", width=18)
_MESSAGE = Column(name="message", labels=labels("Mensagem", "Message", "Mensaje"), kind="text", width=60)
_ID = Column(name="id", labels=labels("ID do log", "Log ID", "ID del log"), kind="id", width=38)
_GROUP = Column(name="fingerprint", labels=labels("Grupo de erros", "Error group", "Grupo de errores"), width=18)

#: Columns of the sheet of logs: one row for each log.
LOG_COLUMNS = (
    _KEY,
    _AFFILIATE,
    _STATUS,
    _PROCESSED_AT,
    _MESSAGE,
    _CODE,
    _CATEGORY,
    Column(name="errors", labels=labels("Erros", "Errors", "Errores"), kind="errors", width=60),
    Column(name="aliases", labels=labels("Outros nomes", "Other names", "Otros nombres"), kind="aliases", width=36),
    Column(name="attempts", labels=labels("Tentativas", "Attempts", "Intentos"), kind="number", width=11, offered=True),
    Column(
        name="first_seen_at",
        labels=labels("Visto pela primeira vez", "First seen", "Visto por primera vez"),
        kind="time",
        width=24,
        offered=True,
    ),
    Column(
        name="reprocess_state", labels=labels("Reprocessamento", "Reprocess", "Reprocesamiento"), kind="state", width=24
    ),
    _PROCESSED_OFFSET,
    Column(
        name="first_seen_at_offset",
        labels=labels(
            "Visto pela primeira vez: fuso", "First seen: UTC offset", "Visto por primera vez: diferencia con UTC"
        ),
        kind="offset",
        width=12,
        of="first_seen_at",
    ),
    Column(name="link", labels=labels("Link", "Link", "Enlace"), kind="link", width=30),
    _ID,
)
#: Fields of an error, in the sheet of errors.
ERROR_FIELDS = (
    _CODE,
    _MESSAGE,
    Column(name="severity", labels=labels("Severidade", "Severity", "Severidad"), kind="text", width=14),
    _CATEGORY,
    Column(name="field", labels=labels("Campo", "Field", "Campo"), kind="text", width=18),
)
#: Columns of the sheet of errors: one row for each error. A log that failed without listing any has one, with its
#: message.
ERROR_COLUMNS = (
    _KEY,
    _AFFILIATE,
    _STATUS,
    _PROCESSED_AT,
    *ERROR_FIELDS,
    _GROUP,
    _PROCESSED_OFFSET,
    _ID,
)
#: Columns of the sheets of a workbook that name an error: what the playbook says of it. Only there: CSV and JSON Lines
#: are made by PostgreSQL, which knows no playbook.
ADVICE_COLUMNS = (
    Column(name="who", labels=labels("De quem é a vez", "Whose turn", "A quién le toca"), kind="text", width=22),
    Column(name="what_to_do", labels=labels("O que fazer", "What to do", "Qué hacer"), kind="text", width=60),
)
#: Columns of the sheet of error groups of a workbook: one row for each group, the largest first.
GROUP_COLUMNS = (
    _CODE,
    _MESSAGE,
    Column(name="affiliates", labels=labels("Afiliados", "Affiliates", "Afiliados"), kind="text", width=24),
    Column(name="logs", labels=labels("Logs", "Logs", "Logs"), kind="number", width=10),
    Column(name="last_day", labels=labels("Últimas 24 h", "Last 24 h", "Últimas 24 h"), kind="number", width=14),
    Column(
        name="day_before",
        labels=labels("24 h anteriores", "24 h before", "24 h anteriores"),
        kind="number",
        width=14,
    ),
    Column(name="change", labels=labels("Variação", "Change", "Variación"), kind="number", width=10),
    *ADVICE_COLUMNS,
    Column(
        name="cure_rate",
        labels=labels("Corrigido ao reprocessar", "Fixed by reprocessing", "Corregido al reprocesar"),
        kind="share",
        width=14,
    ),
    Column(
        name="cure_low",
        labels=labels("Intervalo de 90 %: de", "90 % interval: from", "Intervalo del 90 %: desde"),
        kind="share",
        width=12,
    ),
    Column(
        name="cure_high",
        labels=labels("Intervalo de 90 %: até", "90 % interval: to", "Intervalo del 90 %: hasta"),
        kind="share",
        width=12,
    ),
    Column(name="cure_tried", labels=labels("Tentados", "Tried", "Intentados"), kind="number", width=10),
    Column(name="group_state", labels=labels("Situação", "State", "Situación"), kind="text", width=14),
    Column(name="owner", labels=labels("Responsável", "Owner", "Responsable"), kind="text", width=20),
    Column(name="tags", labels=labels("Etiquetas", "Tags", "Etiquetas"), kind="text", width=20),
    Column(name="ticket", labels=labels("Chamado", "Ticket", "Ticket"), kind="text", width=30),
    _GROUP,
)
#: Column of the sheet of logs only, beside the key, where a person marks logs to be reprocessed.
MARK = Column(name="mark", labels=labels("Reprocessar?", "Reprocess?", "¿Reprocesar?"), width=14)


#: Columns of the list page that a person may leave out or add; the key is always there.
CHOOSABLE = tuple(each.name for each in LOG_COLUMNS if (each.listed or each.offered) and each is not _KEY)


def labels_of(name: str) -> Mapping[Language, str]:
    """Return the label of a column of LOG_COLUMNS, for a field of the filter that is about it."""
    return next(each.labels for each in LOG_COLUMNS if each.name == name)


def log_columns(integration_type: IntegrationType) -> tuple[Column, ...]:
    """Return LOG_COLUMNS with the type's own word over the key."""
    return tuple(_of_type(each, integration_type) for each in LOG_COLUMNS)


def error_columns(integration_type: IntegrationType) -> tuple[Column, ...]:
    """Return ERROR_COLUMNS with the type's own word over the key."""
    return tuple(_of_type(each, integration_type) for each in ERROR_COLUMNS)


def _of_type(column: Column, integration_type: IntegrationType) -> Column:
    return replace(column, labels=integration_type.key_labels) if column is _KEY else column


#: One row an item of a command, in its file; its fields are those of schemas.shown.command.ReprocessItem.
ITEM_COLUMNS = (
    Column(name="id", labels=labels("ID do item", "Item ID", "ID del ítem"), kind="id"),
    replace(_ID, name="log_id"),
    _AFFILIATE,
    _KEY,
    Column(name="state", labels=labels("Resultado", "Outcome", "Resultado"), kind="state"),
    Column(name="reason", labels=labels("Motivo", "Reason", "Motivo"), kind="text"),
    Column(name="before_status", labels=labels("Status antes", "Status before", "Estado antes"), kind="status"),
    Column(name="before_code", labels=labels("Código antes", "Code before", "Código antes")),
    Column(name="before_message", labels=labels("Mensagem antes", "Message before", "Mensaje antes"), kind="text"),
    Column(name="before_fingerprint", labels=labels("Grupo antes", "Group before", "Grupo antes")),
    Column(name="after_status", labels=labels("Status depois", "Status after", "Estado después"), kind="status"),
    Column(name="after_code", labels=labels("Código depois", "Code after", "Código después")),
    Column(name="after_message", labels=labels("Mensagem depois", "Message after", "Mensaje después"), kind="text"),
    Column(name="after_fingerprint", labels=labels("Grupo depois", "Group after", "Grupo después")),
    Column(name="went", labels=labels("Grupos que sumiram", "Groups that went", "Grupos que se fueron"), kind="names"),
    Column(
        name="stayed", labels=labels("Grupos que ficaram", "Groups that stayed", "Grupos que quedaron"), kind="names"
    ),
    Column(name="came", labels=labels("Grupos novos", "Groups that came", "Grupos nuevos"), kind="names"),
    Column(name="attempt", labels=labels("Tentativa", "Attempt", "Intento"), kind="number"),
    Column(name="mode", labels=labels("Modo", "Mode", "Modo"), kind="mode"),
    Column(name="corrected", labels=labels("Corrigido", "Corrected", "Corregido"), kind="flag"),
    Column(name="created_at", labels=labels("Criado em", "Created at", "Creado el"), kind="time"),
    Column(name="sent_at", labels=labels("Enviado em", "Sent at", "Enviado el"), kind="time"),
    Column(name="healed_at", labels=labels("Resolvido em", "Healed at", "Resuelto el"), kind="time"),
    Column(name="expires_at", labels=labels("Prazo", "Deadline", "Plazo"), kind="time"),
    Column(name="answered_at", labels=labels("Respondido em", "Answered at", "Respondido el"), kind="time"),
    Column(
        name="busy_answers",
        labels=labels("Respostas “ocupado”", "Busy answers", "Respuestas “ocupado”"),
        kind="number",
    ),
    Column(
        name="not_before",
        labels=labels("Nova tentativa a partir de", "Tried again from", "Se reintenta desde"),
        kind="time",
    ),
    Column(
        name="sent_digest",
        labels=labels("SHA-256 do que foi enviado", "SHA-256 of what was sent", "SHA-256 de lo enviado"),
        kind="id",
    ),
    Column(name="sent_partition", labels=labels("Partição", "Partition", "Partición"), kind="number"),
    Column(name="sent_offset", labels=labels("Offset", "Offset", "Offset"), kind="number"),
    Column(name="traceparent", labels=labels("Trace", "Trace", "Trace"), kind="id"),
    Column(
        name="joined_item_id", labels=labels("Item a que se juntou", "Joined item", "Ítem al que se unió"), kind="id"
    ),
    Column(
        name="joined_state",
        labels=labels("Resultado desse item", "Outcome of the joined item", "Resultado de ese ítem"),
        kind="state",
    ),
    Column(
        name="joined_command_id",
        labels=labels("Comando a que se juntou", "Joined command", "Comando al que se unió"),
        kind="id",
    ),
)

#: One row an act of a person, in the file of an account's activity; its fields are those of schemas.shown.activity.
ACTIVITY_COLUMNS = (
    Column(name="at", labels=labels("Quando", "When", "Cuándo"), kind="time"),
    Column(name="requested_by", labels=labels("Quem", "Who", "Quién")),
    Column(name="requested_with", labels=labels("Chave de acesso", "Access key", "Clave de acceso")),
    Column(name="kind", labels=labels("O quê", "What", "Qué")),
    Column(name="action", labels=labels("Ação", "Act", "Acción")),
    Column(name="about", labels=labels("Sobre", "About", "Sobre"), kind="text"),
    Column(name="reason", labels=labels("Motivo", "Reason", "Motivo"), kind="text"),
    Column(name="id", labels=labels("ID", "ID", "ID"), kind="id"),
)
