"""Sentences about one field of a result or command: the field, its limit, and the kind of the value that came."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

FIELDS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.FIELD_MISSING: labels("{field} está ausente", "{field} is missing", "{field} falta"),
    ReasonCode.FIELD_UNKNOWN: labels(
        "{field} não é um campo conhecido", "{field} is no known field", "{field} no es un campo conocido"
    ),
    ReasonCode.FIELD_NOT_TEXT: labels(
        "{field} deve ser texto, não {got:kind}",
        "{field} must be text, not {got:kind}",
        "{field} debe ser texto, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_INTEGER: labels(
        "{field} deve ser um número inteiro, não {got:kind}",
        "{field} must be a whole number, not {got:kind}",
        "{field} debe ser un número entero, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_NUMBER: labels(
        "{field} deve ser um número, não {got:kind}",
        "{field} must be a number, not {got:kind}",
        "{field} debe ser un número, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_BOOLEAN: labels(
        "{field} deve ser true ou false, não {got:kind}",
        "{field} must be true or false, not {got:kind}",
        "{field} debe ser true o false, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_LIST: labels(
        "{field} deve ser uma lista, não {got:kind}",
        "{field} must be a list, not {got:kind}",
        "{field} debe ser una lista, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_OBJECT: labels(
        "{field} deve ser um objeto, não {got:kind}",
        "{field} must be an object, not {got:kind}",
        "{field} debe ser un objeto, no {got:kind}",
    ),
    ReasonCode.FIELD_NOT_UUID: labels("{field} deve ser um UUID", "{field} must be a UUID", "{field} debe ser un UUID"),
    ReasonCode.FIELD_NOT_PRINTABLE: labels(
        "{field} deve ter apenas caracteres imprimíveis",
        "{field} must have printable characters only",
        "{field} debe tener solo caracteres imprimibles",
    ),
    ReasonCode.FIELD_CHARACTER: labels(
        "{field} não pode ter o caractere {character} (na posição {position})",
        "{field} can't have the character {character} (at position {position})",
        "{field} no puede tener el carácter {character} (en la posición {position})",
    ),
    ReasonCode.FIELD_EMPTY: labels("{field} está vazio", "{field} is empty", "{field} está vacío"),
    ReasonCode.FIELD_NOT_STORABLE: labels(
        "{field} deve ser UTF-8 válido, sem NUL",
        "{field} must be valid UTF-8, without NUL",
        "{field} debe ser UTF-8 válido, sin NUL",
    ),
    ReasonCode.FIELD_TOO_SHORT: labels(
        "{field} deve ter ao menos {limit} caractere(s)",
        "{field} must have at least {limit} character(s)",
        "{field} debe tener al menos {limit} carácter(es)",
    ),
    ReasonCode.FIELD_TOO_LONG: labels(
        "{field} deve ter no máximo {limit} caracteres",
        "{field} must have at most {limit} characters",
        "{field} debe tener como máximo {limit} caracteres",
    ),
    ReasonCode.FIELD_TOO_FEW: labels(
        "{field} deve ter ao menos {limit} valor(es)",
        "{field} must have at least {limit} value(s)",
        "{field} debe tener al menos {limit} valor(es)",
    ),
    ReasonCode.FIELD_TOO_MANY: labels(
        "{field} deve ter no máximo {limit} valores",
        "{field} must have at most {limit} values",
        "{field} debe tener como máximo {limit} valores",
    ),
    ReasonCode.FIELD_AT_LEAST: labels(
        "{field} deve ser no mínimo {limit}", "{field} must be at least {limit}", "{field} debe ser como mínimo {limit}"
    ),
    ReasonCode.FIELD_MORE_THAN: labels(
        "{field} deve ser maior que {limit}", "{field} must be more than {limit}", "{field} debe ser mayor que {limit}"
    ),
    ReasonCode.FIELD_AT_MOST: labels(
        "{field} deve ser no máximo {limit}", "{field} must be at most {limit}", "{field} debe ser como máximo {limit}"
    ),
    ReasonCode.FIELD_PATTERN: labels(
        "{field} deve ter a forma {pattern}",
        "{field} must be of the form {pattern}",
        "{field} debe tener la forma {pattern}",
    ),
    ReasonCode.FIELD_NOT_ONE_OF: labels(
        "{field} deve ser um destes: {allowed}",
        "{field} must be one of {allowed}",
        "{field} debe ser uno de estos: {allowed}",
    ),
    ReasonCode.FIELD_WRONG: labels(
        "{field} está incorreto: {detail}", "{field} is wrong: {detail}", "{field} es incorrecto: {detail}"
    ),
    ReasonCode.FIELD_BETWEEN: labels(
        "{field} deve estar entre {first} e {last}",
        "{field} must be {first} to {last}",
        "{field} debe estar entre {first} y {last}",
    ),
    ReasonCode.FIELD_NAME: labels(
        "{field} deve ter de 1 a {limit} caracteres imprimíveis",
        "{field} must be 1 to {limit} printable characters",
        "{field} debe tener de 1 a {limit} caracteres imprimibles",
    ),
    ReasonCode.UNTIL_OF_IGNORED: labels(
        "{field}: no máximo um de until, until_results e until_escalates, e só com o estado ignored",
        "{field}: at most one of until, until_results and until_escalates, and only with the state ignored",
        "{field}: como máximo uno de until, until_results y until_escalates, y solo con el estado ignored",
    ),
    ReasonCode.NOTHING_WRITTEN: labels(
        "{field} deve ter um responsável, etiquetas, um chamado ou uma nota",
        "{field} must have an owner, tags, a ticket or a note",
        "{field} debe tener un responsable, etiquetas, un ticket o una nota",
    ),
    ReasonCode.OWNER_UNKNOWN: labels(
        "{field}: nesta conta não há nenhuma pessoa com esse nome que possa entrar",
        "{field}: nobody of this name can sign in to this account",
        "{field}: en esta cuenta no hay nadie con ese nombre que pueda entrar",
    ),
    ReasonCode.NAME_TAKEN: labels(
        "{field}: este nome já é de outro", "{field}: another one has this name", "{field}: otro ya tiene ese nombre"
    ),
    ReasonCode.NOTHING_CHOSEN: labels(
        "nada foi marcado: marque ao menos um",
        "nothing is marked: mark at least one",
        "no hay nada marcado: marque al menos uno",
    ),
    ReasonCode.ENTRY_EXISTS: labels(
        "{field}: outra entrada desta conta já trata disso",
        "{field}: another entry of this account is about the same",
        "{field}: otra entrada de esta cuenta ya trata de eso",
    ),
    ReasonCode.ENTRIES_FULL: labels(
        "{field}: esta conta já tem {limit} entradas; remova uma que não é mais usada",
        "{field}: this account has {limit} entries already; remove one that is no longer used",
        "{field}: esta cuenta ya tiene {limit} entradas; elimine una que ya no se use",
    ),
    ReasonCode.FORM_CHANGED: labels(
        "{field} deve ser enviado como estava no formulário",
        "{field} must be sent as the form had it",
        "{field} debe enviarse como estaba en el formulario",
    ),
    ReasonCode.TIMEZONE_UNKNOWN: labels(
        "{field} deve ser um nome da base tz, como America/Sao_Paulo, ou UTC",
        "{field} must be a name of the tz database, e.g. America/Sao_Paulo, or UTC",
        "{field} debe ser un nombre de la base tz, como America/Sao_Paulo, o UTC",
    ),
    ReasonCode.CHANNEL_ADDRESS: labels(
        "{field} deve ser um endereço de e-mail, a URL de um canal do Slack, Teams, Telegram ou outro chat conhecido, "
        "ou, de um webhook, uma URL https:// da internet",
        "{field} must be an e-mail address, the URL of a channel of Slack, Teams, Telegram or another known chat, or, "
        "of a webhook, an https:// URL of the internet",
        "{field} debe ser una dirección de correo, la URL de un canal de Slack, Teams, Telegram u otro chat conocido, "
        "o, de un webhook, una URL https:// de internet",
    ),
    ReasonCode.TIME_PAST: labels(
        "{field} deve estar no futuro", "{field} must be in the future", "{field} debe estar en el futuro"
    ),
    ReasonCode.RANGE_BACKWARDS: labels(
        "{first} deve ser anterior a {last}",
        "{first} must be before {last}",
        "{first} debe ser anterior a {last}",
    ),
    ReasonCode.SPAN_TOO_LONG: labels(
        "{field} pode estar no máximo {days} dias antes de processed_to com bucket={bucket}",
        "{field} must be at most {days} days before processed_to with bucket={bucket}",
        "{field} puede estar como máximo {days} días antes de processed_to con bucket={bucket}",
    ),
}

#: The kinds of values of JSON, as `{got:kind}` in a sentence says them.
KINDS: Mapping[str, Mapping[Language, str]] = {
    "null": labels("null", "null", "null"),
    "boolean": labels("um valor true/false", "true or false", "un valor true/false"),
    "number": labels("um número", "a number", "un número"),
    "text": labels("um texto", "text", "un texto"),
    "list": labels("uma lista", "a list", "una lista"),
    "object": labels("um objeto", "an object", "un objeto"),
}
