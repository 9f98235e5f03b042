"""Sentences about a returned workbook whose marked rows can't be read."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

WORKBOOKS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.WORKBOOK_NOT_XLSX: labels(
        "O arquivo não é uma planilha (.xlsx).",
        "The file is not a workbook (.xlsx).",
        "El archivo no es una planilla (.xlsx).",
    ),
    ReasonCode.WORKBOOK_FOREIGN: labels(
        "A planilha não foi exportada do Conexões: falta a aba sobre a exportação.",
        "The workbook is no export of Conexões: its sheet about the export is missing.",
        "La planilla no se exportó de Conexões: falta la hoja sobre la exportación.",
    ),
    ReasonCode.WORKBOOK_ELSEWHERE: labels(
        "A planilha foi exportada de outra conta ou de outra lista: {account} / {integration_type}.",
        "The workbook was exported from another account or another list: {account} / {integration_type}.",
        "La planilla se exportó de otra cuenta o de otra lista: {account} / {integration_type}.",
    ),
    ReasonCode.WORKBOOK_DAMAGED: labels(
        "A planilha não pode ser lida: está danificada, ou foi feita por outro programa.",
        "The file can't be read as a workbook: it is damaged, or was made by something else.",
        "No se puede leer la planilla: está dañada, o la hizo otro programa.",
    ),
    ReasonCode.WORKBOOK_PROTECTED: labels(
        "A planilha está protegida ou danificada: salve-a sem senha.",
        "The file is protected or damaged: save it without a password.",
        "La planilla está protegida o dañada: guárdela sin contraseña.",
    ),
    ReasonCode.WORKBOOK_UNSAFE: labels(
        "A planilha tem macros, arquivos embutidos ou links para outros arquivos ({part}); as nossas não têm.",
        "The file has macros, embedded files or links to other files ({part}), which no workbook of ours has.",
        "La planilla tiene macros, archivos incrustados o enlaces a otros archivos ({part}); las nuestras no.",
    ),
    ReasonCode.WORKBOOK_DOCTYPE: labels(
        "A planilha declara um tipo de documento ({part}), o que as nossas não fazem.",
        "The file declares a document type ({part}), which no workbook of ours does.",
        "La planilla declara un tipo de documento ({part}), lo que las nuestras no hacen.",
    ),
    ReasonCode.WORKBOOK_TOO_MANY_PARTS: labels(
        "O arquivo tem mais de {limit} partes: não é uma planilha nossa.",
        "The file has more than {limit} parts: it is no workbook of ours.",
        "El archivo tiene más de {limit} partes: no es una planilla nuestra.",
    ),
    ReasonCode.WORKBOOK_TOO_LARGE: labels(
        "O arquivo tem mais de {limit} MiB: exporte com um filtro mais estreito.",
        "The file has more than {limit} MiB: export with a narrower filter.",
        "El archivo tiene más de {limit} MiB: exporte con un filtro más estrecho.",
    ),
    ReasonCode.WORKBOOK_UNPACKS_TOO_FAR: labels(
        "O arquivo passa de {limit} MiB ao ser descompactado: exporte com um filtro mais estreito.",
        "The file unpacks to more than {limit} MiB: export with a narrower filter.",
        "El archivo supera los {limit} MiB al descomprimirse: exporte con un filtro más estrecho.",
    ),
    ReasonCode.WORKBOOK_TOO_MANY_ROWS: labels(
        "A planilha tem mais de {limit} linhas: exporte com um filtro mais estreito.",
        "The workbook has more than {limit} rows: export with a narrower filter.",
        "La planilla tiene más de {limit} filas: exporte con un filtro más estrecho.",
    ),
    ReasonCode.WORKBOOK_TOO_SLOW: labels(
        "A planilha não pôde ser lida em {seconds:g} segundos: exporte com um filtro mais estreito.",
        "The workbook could not be read within {seconds:g} seconds: export with a narrower filter.",
        "No se pudo leer la planilla en {seconds:g} segundos: exporte con un filtro más estrecho.",
    ),
    ReasonCode.WORKBOOK_TOO_MUCH_CPU: labels(
        "A planilha não pôde ser lida em {seconds} segundos de CPU: exporte com um filtro mais estreito.",
        "The workbook could not be read within {seconds} seconds of CPU: export with a narrower filter.",
        "No se pudo leer la planilla en {seconds} segundos de CPU: exporte con un filtro más estrecho.",
    ),
    ReasonCode.WORKBOOK_READER_FAILED: labels(
        "A planilha não pôde ser lida; o motivo foi registrado no log.",
        "The workbook could not be read; why was logged.",
        "No se pudo leer la planilla; el motivo quedó registrado en el log.",
    ),
    ReasonCode.WORKBOOK_ABOUT_ALTERED: labels(
        "A aba sobre a exportação foi alterada: sua conta ou seu tipo de integração não existe.",
        "The sheet about the export was altered: its account or integration type is none.",
        "La hoja sobre la exportación fue alterada: su cuenta o su tipo de integración no existe.",
    ),
    ReasonCode.WORKBOOK_NO_LOGS: labels(
        "Falta a aba de registros: {sheet}.",
        "The sheet of logs is missing: {sheet}.",
        "Falta la hoja de registros: {sheet}.",
    ),
    ReasonCode.WORKBOOK_COLUMN: labels(
        "A coluna “{column}” da aba {sheet} falta, ou está duas vezes.",
        "The column “{column}” of the sheet {sheet} is missing, or there twice.",
        "La columna “{column}” de la hoja {sheet} falta, o está dos veces.",
    ),
    ReasonCode.WORKBOOK_ROW_ALTERED: labels(
        "A linha {row} da aba {sheet} foi alterada: a chave, o afiliado e o ID do log não são do mesmo registro.",
        "Row {row} of the sheet {sheet} was altered: its key, affiliate and log ID don't belong together.",
        "La fila {row} de la hoja {sheet} fue alterada: la clave, el afiliado y el ID del log no son de un mismo "
        "registro.",
    ),
    ReasonCode.WORKBOOK_MARK_UNCLEAR: labels(
        "Linha {row} da aba {sheet}: “{text}” na coluna “{column}” não é sim nem não. Escreva x, ou nada.",
        "Row {row} of the sheet {sheet}: “{text}” in the column “{column}” is neither yes nor no. Write x, or nothing.",
        "Fila {row} de la hoja {sheet}: “{text}” en la columna “{column}” no es sí ni no. Escriba x, o nada.",
    ),
    ReasonCode.WORKBOOK_TOO_MANY_MARKED: labels(
        "Mais de {limit} linhas estão marcadas: para tantas, reprocesse por filtro.",
        "More than {limit} rows are marked: for so many, reprocess by filter.",
        "Más de {limit} filas están marcadas: para tantas, reprocese por filtro.",
    ),
    ReasonCode.WORKBOOK_NONE_MARKED: labels(
        "Nenhuma linha está marcada: escreva x na coluna “{column}” das linhas a reprocessar.",
        "No row is marked: write x in the column “{column}” of the rows to reprocess.",
        "Ninguna fila está marcada: escriba x en la columna “{column}” de las filas a reprocesar.",
    ),
    ReasonCode.WORKBOOK_FORMULA: labels(
        "Linha {row} da aba {sheet}: há uma fórmula em {pointer}. Copie a coluna e cole só os valores.",
        "Row {row} of the sheet {sheet}: {pointer} has a formula. Copy the column, and paste its values only.",
        "Fila {row} de la hoja {sheet}: hay una fórmula en {pointer}. Copie la columna y pegue solo los valores.",
    ),
    ReasonCode.WORKBOOK_CORRECTS_TOO_MANY: labels(
        "Mais de {limit} linhas marcadas foram corrigidas: marque menos linhas de uma vez.",
        "More than {limit} marked rows were corrected: mark fewer rows at once.",
        "Se corrigieron más de {limit} filas marcadas: marque menos filas a la vez.",
    ),
    ReasonCode.WORKBOOK_CORRECTS_TOO_MUCH: labels(
        "As correções são grandes demais para um só comando: marque menos linhas de uma vez.",
        "The corrections are too large for one command: mark fewer rows at once.",
        "Las correcciones son demasiado grandes para un solo comando: marque menos filas a la vez.",
    ),
}
