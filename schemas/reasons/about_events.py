"""Sentences about a bad record or event, for the developer of a connector."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

EVENTS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.BATCH_UNREADABLE: labels(
        "não é possível ler o lote de registros dos offsets {first} a {last}: {detail}",
        "the record batch of offsets {first} to {last} can't be read: {detail}",
        "no se puede leer el lote de registros de los offsets {first} a {last}: {detail}",
    ),
    ReasonCode.BATCH_EXPANDS_TOO_FAR: labels(
        "o lote de registros dos offsets {first} a {last} passa de {limit} bytes ao ser descomprimido",
        "the record batch of offsets {first} to {last} is larger than {limit} bytes when it is decompressed",
        "el lote de registros de los offsets {first} a {last} supera los {limit} bytes al descomprimirse",
    ),
    ReasonCode.RECORD_UNREADABLE: labels(
        "não é possível ler o registro do offset {offset}: {detail}",
        "the record of offset {offset} can't be read: {detail}",
        "no se puede leer el registro del offset {offset}: {detail}",
    ),
    ReasonCode.HEADER_NAME_NOT_UTF8: labels(
        "o registro do offset {offset} tem um cabeçalho cujo nome não é UTF-8",
        "the record of offset {offset} has a header whose name is not UTF-8",
        "el registro del offset {offset} tiene un encabezado cuyo nombre no es UTF-8",
    ),
    ReasonCode.TOO_MANY_HEADERS: labels(
        "o registro tem {headers} cabeçalhos; o limite é {limit}",
        "the record has {headers} headers; the limit is {limit}",
        "el registro tiene {headers} encabezados; el límite es {limit}",
    ),
    ReasonCode.HEADERS_TOO_LARGE: labels(
        "os cabeçalhos têm {bytes} bytes; o limite é {limit}",
        "the headers have {bytes} bytes; the limit is {limit}",
        "los encabezados tienen {bytes} bytes; el límite es {limit}",
    ),
    ReasonCode.NO_BYTES: labels(
        "o valor está vazio, sem nenhum byte", "the value has no bytes", "el valor está vacío, sin ningún byte"
    ),
    ReasonCode.VALUE_TOO_LARGE: labels(
        "o valor tem {bytes} bytes; o limite é {limit}",
        "the value has {bytes} bytes; the limit is {limit}",
        "el valor tiene {bytes} bytes; el límite es {limit}",
    ),
    ReasonCode.VALUE_TOO_DEEP: labels(
        "o valor tem mais de {limit} níveis de aninhamento",
        "the value is nested more than {limit} levels deep",
        "el valor tiene más de {limit} niveles de anidamiento",
    ),
    ReasonCode.NOT_UTF8: labels(
        "o valor não é UTF-8 no byte {position}",
        "the value is not UTF-8 at byte {position}",
        "el valor no es UTF-8 en el byte {position}",
    ),
    ReasonCode.UTF16_OR_UTF32: labels(
        "o valor é UTF-16 ou UTF-32; deve ser UTF-8",
        "the value is UTF-16 or UTF-32; it must be UTF-8",
        "el valor es UTF-16 o UTF-32; debe ser UTF-8",
    ),
    ReasonCode.NOT_JSON: labels(
        "o valor não é um único documento JSON: {detail} no caractere {position}",
        "the value is not one JSON document: {detail} at character {position}",
        "el valor no es un único documento JSON: {detail} en el carácter {position}",
    ),
    ReasonCode.COMPRESSED: labels(
        "o valor foi comprimido pela aplicação ({encoding}); envie o próprio JSON: a compressão do Kafka é lida",
        "the value was compressed by its application ({encoding}); send the JSON itself: Kafka's compression is read",
        "el valor fue comprimido por la aplicación ({encoding}); envíe el propio JSON: la compresión de Kafka se lee",
    ),
    ReasonCode.SCHEMA_REGISTRY: labels(
        "o valor começa com os cinco bytes de um schema registry (esquema {schema}); envie o JSON sem eles",
        "the value begins with the five bytes of a schema registry (schema {schema}); send the JSON without them",
        "el valor empieza con los cinco bytes de un schema registry (esquema {schema}); envíe el JSON sin ellos",
    ),
    ReasonCode.JSON_CHARACTER: labels(
        "o valor não é um único documento JSON: o caractere {position} é {found}, que não cabe ali",
        "the value is not one JSON document: character {position} is {found}, which can't be there",
        "el valor no es un único documento JSON: el carácter {position} es {found}, que no puede estar ahí",
    ),
    ReasonCode.JSON_ENDS_EARLY: labels(
        "o valor não é um documento JSON completo: termina após {position} caracteres",
        "the value is not a complete JSON document: it ends after {position} characters",
        "el valor no es un documento JSON completo: termina tras {position} caracteres",
    ),
    ReasonCode.CONTENT_TYPE_UNKNOWN: labels(
        "content-type deve ser um de {allowed}",
        "content-type must be one of {allowed}",
        "content-type debe ser uno de {allowed}",
    ),
    ReasonCode.NOT_A_CLOUDEVENT: labels(
        "não é um CloudEvent: falta o cabeçalho ce_specversion, e não é {structured} nem pelo cabeçalho nem por "
        "`specversion`",
        "not a CloudEvent: no ce_specversion header, and not {structured} by header or `specversion`",
        "no es un CloudEvent: falta el encabezado ce_specversion, y no es {structured} ni por el encabezado ni por "
        "`specversion`",
    ),
    ReasonCode.BATCH_NOT_A_LIST: labels(
        "um valor {batch} deve ser uma lista de eventos",
        "a {batch} value must be a list of events",
        "un valor {batch} debe ser una lista de eventos",
    ),
    ReasonCode.BATCH_TOO_LARGE: labels(
        "o lote tem mais de {limit} eventos",
        "the batch has more than {limit} events",
        "el lote tiene más de {limit} eventos",
    ),
    ReasonCode.IN_BATCH: labels(
        "evento {position} do lote: {reason}",
        "event {position} of the batch: {reason}",
        "evento {position} del lote: {reason}",
    ),
    ReasonCode.FAULTS: labels("{first}{others:each}", "{first}{others:each}", "{first}{others:each}"),
    ReasonCode.MORE_FAULTS: labels("e mais {count}", "and {count} more", "y {count} más"),
    ReasonCode.EVENT_NOT_AN_OBJECT: labels(
        "um evento estruturado deve ser um objeto JSON",
        "a structured event must be a JSON object",
        "un evento estructurado debe ser un objeto JSON",
    ),
    ReasonCode.HEADERS_OF_HTTP: labels(
        "os cabeçalhos do evento começam com ce-, como no HTTP; no Kafka devem começar com ce_",
        "the headers of the event begin with ce-, as in HTTP; in Kafka they must begin with ce_",
        "los encabezados del evento empiezan con ce-, como en HTTP; en Kafka deben empezar con ce_",
    ),
    ReasonCode.DATA_BASE64: labels(
        "data_base64 não é lido; envie `data` como JSON",
        "data_base64 is not read; send `data` as JSON",
        "data_base64 no se lee; envíe `data` como JSON",
    ),
    ReasonCode.DATA_TWICE: labels(
        "o evento tem data e data_base64; deve ter só um deles",
        "the event has data and data_base64; it must have only one of them",
        "el evento tiene data y data_base64; debe tener solo uno de ellos",
    ),
    ReasonCode.NOT_BASE64: labels(
        "data_base64 deve ser um texto em Base64",
        "data_base64 must be a text in Base64",
        "data_base64 debe ser un texto en Base64",
    ),
    ReasonCode.IN_BASE64: labels("em data_base64: {reason}", "in data_base64: {reason}", "en data_base64: {reason}"),
    ReasonCode.NOT_A_JSON_MEDIA_TYPE: labels(
        "{field} deve ser um tipo de mídia JSON, pois os dados são JSON",
        "{field} must be a JSON media type, since data is JSON",
        "{field} debe ser un tipo de medio JSON, pues los datos son JSON",
    ),
    ReasonCode.SPECVERSION: labels(
        "specversion deve ser {version}", "specversion must be {version}", "specversion debe ser {version}"
    ),
    ReasonCode.ATTRIBUTE_LENGTH: labels(
        "{field} deve ser um texto de 1 a {limit} caracteres",
        "{field} must be text of 1 to {limit} characters",
        "{field} debe ser un texto de 1 a {limit} caracteres",
    ),
    ReasonCode.SOURCE_NOT_A_URI: labels(
        "source deve ser uma referência de URI", "source must be a URI-reference", "source debe ser una referencia URI"
    ),
    ReasonCode.EVENT_TYPE: labels(
        "type deve ser {type} neste tópico", "type must be {type} on this topic", "type debe ser {type} en este tópico"
    ),
    ReasonCode.EVENT_TYPE_UNKNOWN: labels(
        "type deve ser um de {allowed}", "type must be one of {allowed}", "type debe ser uno de {allowed}"
    ),
    ReasonCode.DATA_NOT_AN_OBJECT: labels(
        "data deve ser um objeto JSON", "data must be a JSON object", "data debe ser un objeto JSON"
    ),
    ReasonCode.SUBJECT_DIFFERS: labels(
        "subject deve ser igual a data.key", "subject must equal data.key", "subject debe ser igual a data.key"
    ),
    ReasonCode.ACCOUNT_DIFFERS: labels(
        "a conta na chave do registro deve ser igual a data.account",
        "the account of the record key must equal data.account",
        "la cuenta de la clave del registro debe ser igual a data.account",
    ),
    ReasonCode.STATUS_NOT_ALLOWED: labels(
        "data.status deve ser um de {allowed} para {integration_type}",
        "data.status must be one of {allowed} for {integration_type}",
        "data.status debe ser uno de {allowed} para {integration_type}",
    ),
    ReasonCode.NOT_ALLOWED: labels(
        "{field}: esta instalação não permite isto para esta origem (CONEXOES_SOURCES)",
        "{field}: this installation does not allow it for this source (CONEXOES_SOURCES)",
        "{field}: esta instalación no lo permite para este origen (CONEXOES_SOURCES)",
    ),
    ReasonCode.NOT_ALLOWED_BY_KEY: labels(
        "{field}: esta chave não permite enviar isto",
        "{field}: this key does not allow it to be posted",
        "{field}: esta clave no permite enviar esto",
    ),
    ReasonCode.NOT_ALLOWED_BY_LETTER: labels(
        "{field}: deve ser a conta da própria mensagem",
        "{field}: it must be the account of the letter itself",
        "{field}: debe ser la cuenta del propio mensaje",
    ),
    ReasonCode.TIME_FORMAT: labels(
        "{field} deve ser uma data e hora RFC 3339 com offset e no máximo {digits} dígitos de fração",
        "{field} must be an RFC 3339 date-time with an offset and at most {digits} fraction digits",
        "{field} debe ser una fecha y hora RFC 3339 con offset y como máximo {digits} dígitos de fracción",
    ),
    ReasonCode.TIME_WITH_SPACE: labels(
        "{field} tem um espaço antes do offset; em um endereço, o sinal + deve ser escrito como %2B",
        "{field} has a space before its offset; in an address, the sign + must be written as %2B",
        "{field} tiene un espacio antes del offset; en una dirección, el signo + debe escribirse como %2B",
    ),
    ReasonCode.TIME_IMPOSSIBLE: labels(
        "{field} não é uma data e hora que existe",
        "{field} is not a date and time that exists",
        "{field} no es una fecha y hora que exista",
    ),
    ReasonCode.TIME_OUT_OF_YEARS: labels(
        "{field} deve estar entre os anos {first} e {last}",
        "{field} must be between the years {first} and {last}",
        "{field} debe estar entre los años {first} y {last}",
    ),
    ReasonCode.TIME_TOO_EARLY: labels(
        "{field} não pode ser anterior a {earliest}",
        "{field} must not be before {earliest}",
        "{field} no puede ser anterior a {earliest}",
    ),
    ReasonCode.TIME_AHEAD: labels(
        "{field} não pode estar mais de {hours} hora no futuro",
        "{field} must not be more than {hours} hour in the future",
        "{field} no puede estar más de {hours} hora en el futuro",
    ),
    ReasonCode.REFUSED_BY_POSTGRESQL: labels(
        "o PostgreSQL recusa: {detail}", "PostgreSQL refuses it: {detail}", "PostgreSQL lo rechaza: {detail}"
    ),
}
