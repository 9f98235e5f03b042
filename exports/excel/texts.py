"""Texts of a file beside the logs: names of sheets, headings, hints. The vocabulary is that of schemas.words."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.catalogue import Language, labels
from schemas.columns import GROUP_COLUMNS
from schemas.words import COLUMNS

#: Symbol before a status, so that it can be read without its colour.
SYMBOLS: Mapping[str, str] = MappingProxyType({"success": "✔", "warning": "⚠", "error": "✖"})

SUMMARY = labels("Resumo", "Summary", "Resumen")
GROUPS = labels("Grupos de erros", "Error groups", "Grupos de errores")
LOGS = labels("Logs", "Logs", "Logs")
ERRORS = labels("Erros", "Errors", "Errores")
ABOUT = labels("Sobre", "About", "Acerca de")

COUNTED_BY = labels("Contagem por", "Counted by", "Recuento por")
VALUE = labels("Valor", "Value", "Valor")
TOTAL = labels("Total", "Total", "Total")
LAST_DAY, DAY_BEFORE, CHANGE = (
    next(each.labels for each in GROUP_COLUMNS if each.name == name) for name in ("last_day", "day_before", "change")
)
#: Headings of the counts.
COUNTS = (COUNTED_BY, VALUE, TOTAL, LAST_DAY, DAY_BEFORE, CHANGE)
DAY = labels("Dia", "Day", "Día")
KINDS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "all": labels("Tudo", "All", "Todo"),
        "status": COLUMNS["status"].long,
        "affiliate": COLUMNS["affiliate"].long,
    }
)
BY_DAY = labels("Logs por dia de processamento", "Logs by processing day", "Logs por día de procesamiento")

#: Labels of the sheet about the export, by their name for programs.
ABOUT_ROWS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "format": labels("Formato deste arquivo", "Format of this file", "Formato de este archivo"),
        "account": labels("Conta", "Account", "Cuenta"),
        "integration_type": labels("Tipo de integração", "Integration type", "Tipo de integración"),
        "as_of": labels("Retrato de", "As of", "Foto de"),
        "requested_by": labels("Solicitado por", "Requested by", "Solicitado por"),
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
