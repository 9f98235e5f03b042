"""Sentences about an export that has no file."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

EXPORTS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.NOT_EXPORTING: labels(
        "Sua chave não permite exportar: ela foi criada sem --export.",
        "Your key does not allow exporting: it was created without --export.",
        "Su clave no permite exportar: se creó sin --export.",
    ),
    ReasonCode.EXPORT_TOO_LONG: labels(
        "Demorou mais do que CONEXOES_EXPORT_SECONDS e foi interrompida.",
        "It took longer than CONEXOES_EXPORT_SECONDS and was given up.",
        "Tardó más que CONEXOES_EXPORT_SECONDS y se interrumpió.",
    ),
    ReasonCode.EXPORT_NO_DATABASE: labels(
        "Não foi possível ler o banco de dados até o fim. Tente de novo, ou com um filtro mais estreito.",
        "The database could not be read to the end. Try again, or with a narrower filter.",
        "No se pudo leer la base de datos hasta el final. Inténtelo de nuevo, o con un filtro más estrecho.",
    ),
    ReasonCode.EXPORT_BUG: labels(
        "Algo deu errado aqui; foi registrado no log.",
        "Something went wrong here; it was logged.",
        "Algo salió mal aquí; quedó registrado en el log.",
    ),
    ReasonCode.EXPORT_CANCELLED: labels("Foi cancelada.", "It was cancelled.", "Se canceló."),
    ReasonCode.EXPORT_CALLER_LEFT: labels(
        "Quem pediu fechou a conexão antes do fim.",
        "The caller closed the connection before the end.",
        "Quien la pidió cerró la conexión antes del final.",
    ),
    ReasonCode.EXPORT_SERVER_STOPPED: labels(
        "O servidor foi reiniciado antes que o arquivo estivesse completo. Inicie a exportação de novo.",
        "The server was restarted before the file was whole. Start the export again.",
        "El servidor se reinició antes de que el archivo estuviera completo. Inicie la exportación de nuevo.",
    ),
    ReasonCode.EXPORT_LOST: labels(
        "Não se soube como terminou: o que gerava o arquivo parou ou perdeu o banco de dados. Exporte de novo.",
        "Its end was never heard of: what made the file was stopped, or lost the database. Export again.",
        "No se supo cómo terminó: lo que generaba el archivo se detuvo o perdió la base de datos. Exporte de nuevo.",
    ),
    ReasonCode.EXPORT_NO_FILE: labels(
        "Não é possível gravar o arquivo: {detail}.",
        "No file can be made here: {detail}.",
        "No se puede grabar el archivo: {detail}.",
    ),
    ReasonCode.EXPORT_PROCESS_ENDED: labels(
        "O processo que gerava o arquivo terminou com {code}; o motivo foi registrado no log.",
        "The process that made the file ended with {code}; why was logged.",
        "El proceso que generaba el archivo terminó con {code}; el motivo quedó registrado en el log.",
    ),
    ReasonCode.TOO_MANY_EXPORTS: labels(
        "{count} exportações desta conta estão em andamento: o limite é {limit}. Espere uma terminar, ou cancele uma.",
        "{count} exports of this account are running: the limit is {limit}. Wait for one to end, or cancel it.",
        "{count} exportaciones de esta cuenta están en curso: el límite es {limit}. Espere a que una termine, o "
        "cancele una.",
    ),
    ReasonCode.TOO_MANY_EXPORTS_IN_ALL: labels(
        "{count} exportações estão em andamento neste servidor: o limite é {limit}. Tente de novo daqui a pouco.",
        "{count} exports are running on this server: the limit is {limit}. Try again in a while.",
        "{count} exportaciones están en curso en este servidor: el límite es {limit}. Intente de nuevo en un rato.",
    ),
    ReasonCode.TOO_MANY_UPLOADS: labels(
        "{count} planilhas desta conta estão sendo lidas: o limite é {limit}. Espere uma terminar.",
        "{count} uploads of this account are running: the limit is {limit}. Wait for one to end.",
        "{count} planillas de esta cuenta se están leyendo: el límite es {limit}. Espere a que una termine.",
    ),
    ReasonCode.TOO_MANY_UPLOADS_IN_ALL: labels(
        "{count} planilhas estão sendo lidas neste servidor: o limite é {limit}. Tente de novo daqui a pouco.",
        "{count} uploads are running on this server: the limit is {limit}. Try again in a while.",
        "{count} planillas se están leyendo en este servidor: el límite es {limit}. Intente de nuevo en un rato.",
    ),
    ReasonCode.TOO_MANY_FILES: labels(
        "{count} arquivos desta conta estão guardados: o limite é {limit}. Apague algum, ou espere que fiquem velhos.",
        "{count} files of this account are kept: the limit is {limit}. Delete some, or wait until they are too old.",
        "{count} archivos de esta cuenta están guardados: el límite es {limit}. Borre alguno, o espere a que caduquen.",
    ),
}
