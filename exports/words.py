"""The words of the files in the users' languages. Names of types and keys are the catalogue's."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.catalogue import Language, Status, labels

STATUSES: Mapping[Status, Mapping[Language, str]] = MappingProxyType(
    {
        "success": labels("Sucesso", "Success", "Éxito"),
        "warning": labels("Alerta", "Warning", "Alerta"),
        "error": labels("Erro", "Error", "Error"),
    }
)
#: Before a status, so that it is told without its colour.
SYMBOLS: Mapping[Status, str] = MappingProxyType({"success": "✔", "warning": "⚠", "error": "✖"})

#: States that an item which was sent, or is to be, can have; verdicts are never shown with a log.
STATES: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "queued": labels("Na fila", "Queued", "En cola"),
        "sent": labels("Enviado", "Sent", "Enviado"),
        "fixed": labels("Corrigido", "Fixed", "Corregido"),
        "same_error": labels("Mesmo erro", "Same error", "Mismo error"),
        "different_error": labels("Outro erro", "Different error", "Otro error"),
        "silent": labels("Sem resposta", "Silent", "Sin respuesta"),
        "failed": labels("Falhou", "Failed", "Falló"),
    }
)

SUMMARY = labels("Resumo", "Summary", "Resumen")
LOGS = labels("Logs", "Logs", "Logs")
ERRORS = labels("Erros", "Errors", "Errores")
ABOUT = labels("Sobre", "About", "Acerca de")

COUNTED_BY = labels("Contagem por", "Counted by", "Recuento por")
VALUE = labels("Valor", "Value", "Valor")
TOTAL = labels("Total", "Total", "Total")
LAST_DAY = labels("Últimas 24 h", "Last 24 h", "Últimas 24 h")
DAY_BEFORE = labels("24 h anteriores", "24 h before", "24 h anteriores")
CHANGE = labels("Variação", "Change", "Variación")
DAY = labels("Dia", "Day", "Día")
KINDS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "all": labels("Tudo", "All", "Todo"),
        "status": labels("Status", "Status", "Estado"),
        "affiliate": labels("Afiliado", "Affiliate", "Afiliado"),
        "group": labels("Grupo de erros", "Error group", "Grupo de errores"),
    }
)
BY_DAY = labels("Logs por dia de processamento", "Logs by processing day", "Logs por día de procesamiento")

#: Rows of the sheet about the export, by the name that programs know them by.
ABOUT_ROWS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "format": labels("Formato deste arquivo", "Format of this file", "Formato de este archivo"),
        "account": labels("Conta", "Account", "Cuenta"),
        "integration_type": labels("Tipo de integração", "Integration type", "Tipo de integración"),
        "as_of": labels("Retrato de", "As of", "Foto de"),
        "requested_by": labels("Pedido por", "Requested by", "Pedido por"),
        "rows": labels("Logs", "Logs", "Logs"),
        "errors": labels("Erros", "Errors", "Errores"),
        "timezone": labels("Fuso horário", "Time zone", "Zona horaria"),
        "filter": labels("Filtro", "Filter", "Filtro"),
    }
)
ABOUT_HEADINGS = (
    labels("O quê", "What", "Qué"),
    labels("Valor", "Value", "Valor"),
    labels("Nome", "Name", "Nombre"),
)
EVERYTHING = labels("tudo", "everything", "todo")
CUT = labels(
    " […] texto cortado: o inteiro está na exportação JSON Lines",
    " […] text cut: the whole is in the JSON Lines export",
    " […] texto cortado: el entero está en la exportación JSON Lines",
)
MARK_HELP = labels("Escreva x para reprocessar", "Write x to reprocess", "Escriba x para reprocesar")
