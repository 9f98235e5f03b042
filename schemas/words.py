"""The one vocabulary: the word for each status, state, verdict, code, role and column, in every language.

Pages, workbooks, CSV and the command line take their words from here, so that a page and a file use the same ones. Each
list is typed by the enum or Literal that it has words for: a member without words, or a word that lacks a language,
fails at import. Names of types and of their keys are the catalogue's; sentences are those of schemas.reasons and of the
pages' own gettext catalogues.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

from schemas.activity import Act, ActivityKind
from schemas.breaker import State as BreakerState
from schemas.catalogue import LANGUAGES, Language, Status, labels
from schemas.columns import ERROR_COLUMNS, ITEM_COLUMNS, LOG_COLUMNS, MARK
from schemas.error_class import ErrorClass
from schemas.export import ExportState
from schemas.filter import FIELDS
from schemas.group import Automation, GroupAct
from schemas.group_filter import GroupSort
from schemas.group_state import EndedBy, GroupState
from schemas.incident import Edge, Severity, State, Unwatched
from schemas.incident import Kind as IncidentKind
from schemas.item_state import ItemState
from schemas.letter_filter import LetterState
from schemas.playbook.entry import Who
from schemas.redrive import LetterAct, RedriveItemState, RedriveState
from schemas.refusal import DeadLetterCode
from schemas.reprocess import CommandState, Mode, TimelineStep
from schemas.rhythm import FreshnessState
from schemas.role import Role

#: States of a command, and the end that it made by itself, after a step.
CommandWord = Literal[CommandState.ACCEPTED, CommandState.RUNNING, CommandState.DONE, CommandState.CANCELLED, "stopped"]
#: Verdicts beside those that are states of items: of a plan, and of what a key may do.
OtherVerdict = Literal["will_send", "not_permitted"]
Kind = Literal[
    "status",
    "state",
    "verdict",
    "command",
    "breaker",
    "error_class",
    "automation",
    "group",
    "group_end",
    "group_act",
    "group_sort",
    "export",
    "mode",
    "step",
    "role",
    "code",
    "letter",
    "redrive",
    "redriven",
    "letter_act",
    "incident",
    "incident_state",
    "severity",
    "edge",
    "unwatched",
    "freshness",
    "activity",
    "act",
    "actor",
    "column",
    "item",
    "field",
]


class Word(NamedTuple):
    """The word for one thing, in each language."""

    long: Mapping[Language, str]
    short: Mapping[Language, str]  # for narrow places, such as counts in a line; often the same


def _word(pt: str, en: str, es: str, *, short: tuple[str, str, str] | None = None) -> Word:
    whole = labels(pt, en, es)
    return Word(whole, whole if short is None else labels(*short))


def members(of: Any) -> tuple[str, ...]:
    """Return the values of a StrEnum or Literal as text."""
    listed: Iterable[str] = of if isinstance(of, type) and issubclass(of, StrEnum) else get_args(of)
    return tuple(str(each) for each in listed)


def complete(of: Any, words: Mapping[str, Word]) -> Mapping[str, Word]:
    """Return `words`, which must have one in every language for each member of `of` and for nothing else.

    Raises ValueError, which names the missing and the needless words.
    """
    wanted, given = set(members(of)), {str(name) for name in words}
    if wanted != given:
        raise ValueError(f"words of {of}: missing {sorted(wanted - given)}, unknown {sorted(given - wanted)}")
    for name, word in words.items():
        for form in word:
            lacking = [language for language in LANGUAGES if not form.get(language)]
            if lacking:
                raise ValueError(f"words of {of}: {name} has none in {', '.join(lacking)}")
    return MappingProxyType({str(name): word for name, word in words.items()})


STATUSES = complete(
    Status,
    {
        "success": _word("Sucesso", "Success", "Éxito"),
        "warning": _word("Alerta", "Warning", "Alerta"),
        "error": _word("Erro", "Error", "Error"),
    },
)

#: States of an item and verdicts. A log shows only the states of an item that is sent, or was to be.
STATES = complete(
    ItemState,
    {
        ItemState.QUEUED: _word("Na fila", "Queued", "En cola"),
        ItemState.SENT: _word(
            "Enviado, aguardando resposta",
            "Sent, awaiting the answer",
            "Enviado, en espera de respuesta",
            short=("Enviado", "Sent", "Enviado"),
        ),
        ItemState.FIXED: _word("Corrigido", "Fixed", "Corregido"),
        ItemState.HEALED: _word(
            "Resolvido antes do envio",
            "Healed before it was sent",
            "Resuelto antes del envío",
            short=("Resolvido antes", "Healed", "Resuelto antes"),
        ),
        ItemState.SAME_ERROR: _word(
            "Mesmo erro de novo",
            "Same error again",
            "El mismo error otra vez",
            short=("Mesmo erro", "Same error", "Mismo error"),
        ),
        ItemState.DIFFERENT_ERROR: _word(
            "Os erros mudaram",
            "The errors changed",
            "Los errores cambiaron",
            short=("Erros mudaram", "Errors changed", "Errores distintos"),
        ),
        ItemState.BUSY: _word(
            "Marketplace ocupado",
            "Marketplace busy",
            "Marketplace ocupado",
            short=("Ocupado", "Busy", "Ocupado"),
        ),
        ItemState.SILENT: _word(
            "Sem resposta no prazo",
            "No answer in time",
            "Sin respuesta a tiempo",
            short=("Sem resposta", "No answer", "Sin respuesta"),
        ),
        ItemState.FAILED: _word(
            "Não pôde ser enviado",
            "Could not be sent",
            "No se pudo enviar",
            short=("Falhou", "Failed", "Falló"),
        ),
        ItemState.CANCELLED: _word("Não enviado", "Not sent", "No enviado"),
        ItemState.NOT_REPROCESSABLE: _word("Não reprocessável", "Not reprocessable", "No reprocesable"),
        ItemState.ALREADY_SUCCEEDED: _word(
            "Já teve sucesso",
            "Succeeded already",
            "Ya tuvo éxito",
            short=("Já com sucesso", "Succeeded", "Ya con éxito"),
        ),
        ItemState.IN_FLIGHT: _word("Em andamento", "In flight", "En curso"),
        ItemState.NOT_FOUND: _word("Não encontrado", "Not found", "No encontrado"),
        ItemState.CHANGED_SINCE: _word(
            "Mudou desde então", "Changed since", "Cambió desde entonces", short=("Mudou", "Changed", "Cambió")
        ),
        ItemState.PAUSED: _word(
            "Marketplace pausado",
            "Marketplace paused",
            "Marketplace en pausa",
            short=("Pausado", "Paused", "En pausa"),
        ),
        ItemState.REASON_REQUIRED: _word(
            "Motivo obrigatório",
            "Reason required",
            "Motivo obligatorio",
            short=("Sem motivo", "No reason", "Sin motivo"),
        ),
    },
)

VERDICTS: Mapping[str, Word] = MappingProxyType(
    {
        **STATES,
        **complete(
            OtherVerdict,
            {
                "will_send": _word(
                    "Será enviado", "Will be sent", "Se enviará", short=("A enviar", "To be sent", "A enviar")
                ),
                "not_permitted": _word("Não permitido", "Not permitted", "No permitido"),
            },
        ),
    }
)

COMMANDS = complete(
    CommandWord,
    {
        CommandState.ACCEPTED: _word("Aceito", "Accepted", "Aceptado"),
        CommandState.RUNNING: _word("Em execução", "Running", "En ejecución"),
        CommandState.DONE: _word("Concluído", "Done", "Terminado"),
        CommandState.CANCELLED: _word("Cancelado", "Cancelled", "Cancelado"),
        "stopped": _word("Parou sozinho", "Stopped by itself", "Se detuvo solo", short=("Parou", "Stopped", "Detuvo")),
    },
)

BREAKERS = complete(
    BreakerState,
    {
        "closed": _word("Ativo", "Active", "Activo"),
        "open": _word(
            "Envio suspenso automaticamente",
            "Sending suspended automatically",
            "Envío suspendido automáticamente",
            short=("Suspenso", "Suspended", "Suspendido"),
        ),
        "half_open": _word("Em teste", "Testing", "En prueba"),
    },
)

#: Classes of failures, as rules of automatic retries name them.
ERROR_CLASSES = complete(
    ErrorClass,
    {
        ErrorClass.BUSY: _word(
            "Marketplace ocupado (429, 5xx, tempo esgotado)",
            "Marketplace had no time (429, 5xx, time-out)",
            "Marketplace ocupado (429, 5xx, tiempo agotado)",
            short=("Ocupado", "No time", "Ocupado"),
        ),
        ErrorClass.TRANSPORT: _word(
            "Marketplace não alcançado (DNS, TLS, rede)",
            "Marketplace not reached (DNS, TLS, network)",
            "Marketplace no alcanzado (DNS, TLS, red)",
            short=("Não alcançado", "Not reached", "No alcanzado"),
        ),
        ErrorClass.PERMANENT: _word(
            "Erro no que foi enviado",
            "Fault of what was sent",
            "Error en lo que se envió",
            short=("Permanente", "Permanent", "Permanente"),
        ),
        ErrorClass.UNKNOWN: _word(
            "Causa desconhecida: primeiro um de cada grupo",
            "Unknown cause: one of each group first",
            "Causa desconocida: primero uno de cada grupo",
            short=("Desconhecida", "Unknown", "Desconocida"),
        ),
    },
)

#: Advice on trying a group again by itself, from the measured outcome.
AUTOMATIONS = complete(
    Automation,
    {
        "offered": _word(
            "Reprocessar quase sempre corrige: pode ser automático",
            "Reprocessing mostly fixes it: it may be automated",
            "Reprocesar casi siempre lo corrige: puede ser automático",
        ),
        "advised_against": _word(
            "Reprocessar nunca corrigiu: não automatize",
            "Reprocessing never fixed it: do not automate it",
            "Reprocesar nunca lo corrigió: no lo automatice",
        ),
    },
)

GROUPS = complete(
    GroupState,
    {
        "open": _word("Sem decisão", "Undecided", "Sin decisión"),
        "acknowledged": _word("Reconhecido", "Acknowledged", "Reconocido"),
        "resolved": _word("Resolvido", "Resolved", "Resuelto"),
        "regressed": _word("Voltou", "Regressed", "Volvió"),
        "ignored": _word("Ignorado", "Ignored", "Ignorado"),
    },
)

GROUP_ENDS = complete(
    EndedBy,
    {
        "failed_again": _word("Falhou de novo", "It has failed again since", "Falló de nuevo"),
        "date": _word("O prazo acabou", "The date has come", "El plazo terminó"),
        "results": _word("Vieram os resultados previstos", "As many results came", "Llegaron los resultados previstos"),
        "escalated": _word("O erro aumentou", "It escalated", "El error aumentó"),
    },
)

GROUP_ACTS = complete(
    GroupAct,
    {
        "open": _word("Reabriu", "Opened again", "Reabrió"),
        "acknowledged": _word("Reconheceu", "Acknowledged", "Reconoció"),
        "resolved": _word("Resolveu", "Resolved", "Resolvió"),
        "ignored": _word("Ignorou", "Ignored", "Ignoró"),
        "owner": _word("Responsável", "Owner", "Responsable"),
        "tags": _word("Etiquetas", "Tags", "Etiquetas"),
        "ticket": _word("Chamado", "Ticket", "Ticket"),
        "note": _word("Nota", "Note", "Nota"),
    },
)

GROUP_SORTS = complete(
    GroupSort,
    {
        "count": _word("Mais entidades", "Most entities", "Más entidades"),
        "growth": _word("Maior aumento", "Growing most", "Mayor aumento"),
        "age": _word("Mais antigos", "Oldest", "Más antiguos"),
    },
)

EXPORTS = complete(
    ExportState,
    {
        "running": _word("Em andamento", "In progress", "En curso"),
        "done": _word("Pronto", "Ready", "Listo"),
        "failed": _word("Falhou", "Failed", "Falló"),
        "cancelled": _word("Cancelado", "Cancelled", "Cancelado"),
        "lost": _word("Interrompido", "Interrupted", "Interrumpido"),
        "expired": _word("Expirado", "Expired", "Caducado"),
        "unfinished": _word("Não terminado", "Not finished", "Sin terminar"),
    },
)

MODES = complete(
    Mode,
    {
        "refresh": _word(
            "Ler a origem de novo",
            "Read the source again",
            "Leer el origen de nuevo",
            short=("Ler de novo", "Read again", "Leer de nuevo"),
        ),
        "replay": _word(
            "Enviar o mesmo de novo",
            "Send the same again",
            "Enviar lo mismo de nuevo",
            short=("Enviar de novo", "Send again", "Enviar de nuevo"),
        ),
    },
)

STEPS = complete(
    TimelineStep,
    {
        "requested": _word(
            "Reprocessamento solicitado",
            "Reprocess requested",
            "Reprocesamiento solicitado",
            short=("Solicitado", "Requested", "Solicitado"),
        ),
        "sent": _word(
            "Enviado ao conector", "Sent to the connector", "Enviado al conector", short=("Enviado", "Sent", "Enviado")
        ),
        "answered": _word(
            "O conector respondeu",
            "The connector answered",
            "El conector respondió",
            short=("Respondido", "Answered", "Respondido"),
        ),
        "healed": _word(
            "Já não precisava do reenvio",
            "No longer needed the retry",
            "Ya no necesitaba el reenvío",
            short=("Resolvido antes", "Healed", "Resuelto antes"),
        ),
        "silent": _word(
            "Sem resposta até o prazo",
            "No answer before the deadline",
            "Sin respuesta antes del plazo",
            short=("Sem resposta", "No answer", "Sin respuesta"),
        ),
    },
)

ROLES = complete(
    Role,
    {
        "connector": _word(
            "Conector: só envia resultados", "Connector: posts results only", "Conector: solo envía resultados"
        ),
        "viewer": _word("Somente leitura", "Read only", "Solo lectura"),
        "operator": _word("Leitura e reprocessamento", "Read and reprocess", "Lectura y reprocesamiento"),
        "admin": _word("Acesso total", "Full access", "Acceso total"),
    },
)

#: Headings of dead letters; schemas.reasons has the sentences.
CODES = complete(
    DeadLetterCode,
    {
        DeadLetterCode.EMPTY: _word("Mensagem vazia", "Empty record", "Mensaje vacío"),
        DeadLetterCode.ENCODING: _word("Não é UTF-8", "Not UTF-8", "No es UTF-8"),
        DeadLetterCode.JSON: _word("Não é JSON", "Not JSON", "No es JSON"),
        DeadLetterCode.TOO_LARGE: _word("Grande demais", "Too large", "Demasiado grande"),
        DeadLetterCode.TOO_DEEP: _word(
            "Aninhamento profundo demais", "Nested too deeply", "Anidamiento demasiado profundo"
        ),
        DeadLetterCode.ENVELOPE: _word("Não é um CloudEvent", "Not a CloudEvent", "No es un CloudEvent"),
        DeadLetterCode.TYPE_MISMATCH: _word(
            "Tipo diferente do tópico", "Type does not match the topic", "Tipo distinto del de su tópico"
        ),
        DeadLetterCode.SCHEMA: _word(
            "Campo ausente ou incorreto", "A field is missing or wrong", "Campo ausente o incorrecto"
        ),
        DeadLetterCode.STATUS_NOT_ALLOWED: _word(
            "Status inválido para este tipo", "Status not valid for this type", "Estado no válido para este tipo"
        ),
        DeadLetterCode.NOT_ALLOWED: _word(
            "Não permitido para esta origem", "Not allowed for this source", "No permitido para este origen"
        ),
        DeadLetterCode.TIMESTAMP: _word("Data ou hora impossível", "Impossible date or time", "Fecha u hora imposible"),
        DeadLetterCode.STORAGE: _word(
            "Recusado pelo banco de dados", "Refused by the database", "Rechazado por la base de datos"
        ),
    },
)

_STORED = _word("Virou resultado", "Became a result", "Se convirtió en resultado")
_REFUSED = _word("Recusada de novo", "Refused again", "Rechazado de nuevo")
_CONFLICT = _word("ID já usado por outro resultado", "Id was used for another result", "ID ya usado por otro resultado")
_QUEUED = _word("Na fila do reenvio", "Queued to be redriven", "En cola de reenvío")
_SENT = _word("Reenviada, ainda não lida", "Redriven, not read yet", "Reenviado, aún no leído")

#: States of dead letters.
LETTERS = complete(
    LetterState,
    {
        "waiting": _word("Esperando", "Waiting", "En espera"),
        "queued": _QUEUED,
        "sent": _SENT,
        "stored": _STORED,
        "refused": _REFUSED,
        "conflict": _CONFLICT,
        "erased": _word("Apagada", "Erased", "Borrado"),
    },
)

#: States of a redrive of dead letters.
REDRIVES = complete(
    RedriveState,
    {
        "running": _word("Em andamento", "Running", "En curso"),
        "paused": _word("Pausado", "Paused", "Pausado"),
        "done": _word("Tudo enviado", "All sent", "Todo enviado"),
        "cancelled": _word("Cancelado", "Cancelled", "Cancelado"),
    },
)

#: States of one letter of a redrive.
REDRIVEN = complete(
    RedriveItemState,
    {
        "queued": _QUEUED,
        "sent": _SENT,
        "stored": _STORED,
        "refused": _REFUSED,
        "conflict": _CONFLICT,
        "still_refused": _word(
            "Não enviada: ainda seria recusada",
            "Not sent: it would still be refused",
            "No enviado: todavía sería rechazado",
        ),
        "failed": _word("Recusada pelo Kafka", "Refused by Kafka", "Rechazado por Kafka"),
        "cancelled": _word("Cancelada", "Cancelled", "Cancelado"),
    },
)

#: Acts of people on dead letters.
LETTER_ACTS = complete(
    LetterAct,
    {
        "redriven": _word("Reenviou", "Redrove", "Reenvió"),
        "paused": _word("Pausou", "Paused", "Pausó"),
        "resumed": _word("Retomou", "Resumed", "Reanudó"),
        "cancelled": _word("Cancelou", "Cancelled", "Canceló"),
        "edited": _word("Editou", "Edited", "Editó"),
        "erased": _word("Apagou", "Erased", "Borró"),
        "exported": _word("Exportou", "Exported", "Exportó"),
    },
)

#: Kinds of incidents. In the midst of a sentence the first letter is small.
INCIDENTS = complete(
    IncidentKind,
    {
        IncidentKind.REPROCESS_STOPPED: _word(
            "Um reprocessamento parou sozinho", "A reprocess stopped by itself", "Un reprocesamiento se detuvo solo"
        ),
        IncidentKind.NEW_FAULT: _word("Um erro nunca visto", "An error never seen before", "Un error nunca visto"),
        IncidentKind.GROUP_ESCALATES: _word(
            "Um erro aparece cada vez mais", "An error comes more and more often", "Un error aparece cada vez más"
        ),
        IncidentKind.BREAKER_OPENED: _word(
            "Reenvios suspensos: o marketplace está sobrecarregado",
            "Retries are suspended: the marketplace is busy",
            "Reenvíos suspendidos: el marketplace no da abasto",
        ),
        IncidentKind.FAILURE_SHARE: _word(
            "Mais falhas que o normal", "More failures than usual", "Más fallas de lo normal"
        ),
        IncidentKind.SILENCE: _word("Nada chega", "Nothing arrives", "No llega nada"),
        IncidentKind.DEAD_LETTERS_RISE: _word(
            "Mais eventos que não podem ser lidos",
            "More events that can't be read",
            "Más eventos que no se pueden leer",
        ),
    },
)

INCIDENT_STATES = complete(
    State,
    {
        State.OPEN: _word("Em curso", "Going on", "En curso"),
        State.ESCALATED: _word("Agravado", "Escalated", "Agravado"),
        State.RESOLVED: _word("Encerrado", "Resolved", "Resuelto"),
    },
)

SEVERITIES = complete(
    Severity, {"warning": _word("Atenção", "Warning", "Atención"), "critical": _word("Crítico", "Critical", "Crítico")}
)

EDGES = complete(
    Edge,
    {
        Edge.OPENED: _word("Começou", "Started", "Comenzó"),
        Edge.ESCALATED: _word("Piorou", "Got worse", "Empeoró"),
        Edge.JOINED: _word("Há mais", "There is more", "Hay más"),
        Edge.RESOLVED: _word("Resolvido", "Resolved", "Resuelto"),
        Edge.REOPENED: _word("Voltou", "Back again", "Volvió"),
    },
)

_CLOSED = ("Encerrado", "Closed", "Cerrado")
#: Reasons to close an incident that is not known to be over.
UNWATCHED = complete(
    Unwatched,
    {
        "silence": _word(
            "Nada chegou em 28 dias: não é mais acompanhado",
            "Nothing has come for 28 days: it is watched no longer",
            "No llegó nada en 28 días: ya no se sigue",
            short=_CLOSED,
        ),
        "reprocess_stopped": _word(
            "Outro reprocessamento foi pedido, ou passou um dia: não é mais acompanhado",
            "Another reprocess was asked for, or a day went by: it is watched no longer",
            "Se pidió otro reprocesamiento, o pasó un día: ya no se sigue",
            short=_CLOSED,
        ),
    },
)

FRESHNESSES = complete(
    FreshnessState,
    {
        FreshnessState.FRESH: _word("Em dia", "Fresh", "Al día"),
        FreshnessState.LATE: _word("Atrasado", "Late", "Con retraso"),
        FreshnessState.SILENT: _word("Em silêncio", "Silent", "En silencio"),
    },
)

#: Subjects of acts of people.
ACTIVITY = complete(
    ActivityKind,
    {
        "reprocess": _word("Reprocessamento", "Reprocess", "Reprocesamiento"),
        "affiliate": _word("Afiliado", "Affiliate", "Afiliado"),
        "group": _word("Grupo de erros", "Error group", "Grupo de errores"),
        "export": _word("Exportação", "Export", "Exportación"),
        "dead_letter": _word("Mensagem recusada", "Dead letter", "Mensaje rechazado"),
        "erasure": _word("Dados pessoais", "Personal data", "Datos personales"),
        "automatic": _word("Reenvio automático", "Retries without a click", "Reenvío automático"),
        "notification": _word("Aviso", "Notification", "Aviso"),
        "playbook": _word("Guia de erros", "Playbook entry", "Guía de errores"),
        "key": _word("Pessoa ou chave", "Person or key", "Persona o clave"),
        "view": _word("Visão salva", "Saved view", "Vista guardada"),
    },
)

#: Acts of people, beside decisions about groups, whose words are GROUP_ACTS, and LETTER_ACTS.
ACTS = complete(
    Act,
    {
        "requested": _word("Pediu", "Requested", "Pidió"),
        "cancelled": _word("Cancelou", "Cancelled", "Canceló"),
        "stopped": _word("Parou", "Stopped", "Detuvo"),
        "paused": _word("Pausou", "Paused", "Pausó"),
        "resumed": _word("Retomou", "Resumed", "Reanudó"),
        "pause_ended": _word("A pausa terminou", "The pause ended", "La pausa terminó"),
        "exported": _word("Exportou", "Exported", "Exportó"),
        "erased": _word("Apagou", "Erased", "Borró"),
        "created": _word("Criou", "Created", "Creó"),
        "invited": _word("Convidou", "Invited", "Invitó"),
        "joined": _word("Entrou pela primeira vez", "Joined", "Se incorporó"),
        "changed": _word("Alterou", "Changed", "Cambió"),
        "automatic_rule": _word("Mudou a regra", "Changed the rule", "Cambió la regla"),
        "automatic_off": _word("Desligou", "Turned off", "Desactivó"),
        "automatic_on": _word("Ligou", "Turned on", "Activó"),
        "made": _word("Adicionou", "Set up", "Agregó"),
        "removed": _word("Removeu", "Took away", "Quitó"),
        "tested": _word("Testou", "Tested", "Probó"),
        "added": _word("Acrescentou", "Added", "Añadió"),
        "revoked": _word("Revogou", "Revoked", "Revocó"),
        "saved": _word("Salvou", "Saved", "Guardó"),
        "deleted": _word("Excluiu", "Deleted", "Eliminó"),
    },
)

#: Words for who must act, by the playbook.
ACTORS = complete(
    Who,
    {
        "seller": _word("A loja", "The store", "La tienda"),
        "connector": _word("A equipe do conector", "The connector team", "El equipo del conector"),
        "marketplace": _word("O marketplace", "The marketplace", "El marketplace"),
    },
)

#: Headings of the list of logs, of its files and of their sheet of errors; schemas.columns has them.
COLUMNS: Mapping[str, Word] = MappingProxyType(
    {each.name: Word(each.labels, each.labels) for each in (*LOG_COLUMNS, *ERROR_COLUMNS, MARK)}
)

#: Headings of the items of a command as a file.
ITEMS: Mapping[str, Word] = MappingProxyType({each.name: Word(each.labels, each.labels) for each in ITEM_COLUMNS})

#: Names of the fields of the filter; schemas.filter has them.
FIELD_NAMES: Mapping[str, Word] = MappingProxyType(
    {name: Word(each.shown.label, each.shown.label) for name, each in FIELDS.items()}
)

VOCABULARY: Mapping[Kind, Mapping[str, Word]] = MappingProxyType(
    {
        "status": STATUSES,
        "state": STATES,
        "verdict": VERDICTS,
        "command": COMMANDS,
        "breaker": BREAKERS,
        "error_class": ERROR_CLASSES,
        "automation": AUTOMATIONS,
        "group": GROUPS,
        "group_end": GROUP_ENDS,
        "group_act": GROUP_ACTS,
        "group_sort": GROUP_SORTS,
        "export": EXPORTS,
        "mode": MODES,
        "step": STEPS,
        "role": ROLES,
        "code": CODES,
        "letter": LETTERS,
        "redrive": REDRIVES,
        "redriven": REDRIVEN,
        "letter_act": LETTER_ACTS,
        "incident": INCIDENTS,
        "incident_state": INCIDENT_STATES,
        "severity": SEVERITIES,
        "edge": EDGES,
        "unwatched": UNWATCHED,
        "freshness": FRESHNESSES,
        "activity": ACTIVITY,
        "act": ACTS,
        "actor": ACTORS,
        "column": COLUMNS,
        "item": ITEMS,
        "field": FIELD_NAMES,
    }
)


def word(kind: Kind, name: str, language: Language, *, short: bool = False) -> str:
    """Return the word for `name`, or `name` itself when this version does not know it (a newer one wrote it)."""
    known = VOCABULARY[kind].get(name)
    if known is None:
        return name
    return (known.short if short else known.long)[language]


def word_of_act(kind: str, action: str, language: Language) -> str:
    """Return the word for an act of the activity, whose list depends on its kind."""
    lists: Mapping[str, Kind] = {"group": "group_act", "dead_letter": "letter_act"}
    return word(lists.get(kind, "act"), action, language)
