"""Sentences about corrections of a kept request."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

CORRECTIONS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.CORRECTION_REPLAYS: labels(
        "corrections só vale com mode replay e com log_ids, e cada correção é de um registro de log_ids, uma vez só",
        "corrections go with mode replay and log_ids, and each is of one log among log_ids, once",
        "corrections solo vale con mode replay y con log_ids, y cada corrección es de un registro de log_ids, una vez",
    ),
    ReasonCode.CORRECTION_VALUE: labels(
        "{field} deve ser o texto JSON de um texto, um número ou true/false",
        "{field} must be the JSON text of a text, a number, true or false",
        "{field} debe ser el texto JSON de un texto, un número o true/false",
    ),
    ReasonCode.CORRECTION_TWICE: labels(
        "uma correção muda cada campo uma vez só",
        "a correction changes each field once",
        "una corrección cambia cada campo una sola vez",
    ),
    ReasonCode.CORRECTION_NOT_ALLOWED: labels(
        "O campo {pointer} não pode ser corrigido aqui: a política não o permite.",
        "The field {pointer} can't be corrected here: the policy does not allow it.",
        "El campo {pointer} no se puede corregir aquí: la política no lo permite.",
    ),
    ReasonCode.CORRECTION_NO_FIELD: labels(
        "O que foi enviado não tem o campo {pointer}.",
        "What was sent has no field {pointer}.",
        "Lo que se envió no tiene el campo {pointer}.",
    ),
    ReasonCode.CORRECTION_KIND: labels(
        "O campo {pointer} é {kind:kind}, e o novo valor é {got:kind}. Números são escritos com ponto, como 24.90.",
        "The field {pointer} is {kind:kind}, and the new value is {got:kind}. Numbers are written with a point: 24.90.",
        "El campo {pointer} es {kind:kind}, y el nuevo valor es {got:kind}. Los números se escriben con punto: 24.90.",
    ),
    ReasonCode.CORRECTION_NOT_JSON: labels(
        "O que foi enviado não é um objeto nem uma lista JSON: não há campos para corrigir.",
        "What was sent is neither a JSON object nor a list: it has no fields to correct.",
        "Lo que se envió no es un objeto ni una lista JSON: no tiene campos que corregir.",
    ),
    ReasonCode.CORRECTION_NO_REQUEST: labels(
        "O que foi enviado não está guardado por inteiro: o conector não o mandou, o prazo passou, é grande demais ou "
        "um dado sigiloso foi retirado.",
        "What was sent is not kept as a whole: the connector did not give it, its time is over, it is too large, or a "
        "secret was taken out of it.",
        "Lo que se envió no está guardado completo: el conector no lo dio, su plazo terminó, es demasiado grande o se "
        "le quitó un dato secreto.",
    ),
    ReasonCode.CORRECTION_NOTHING: labels(
        "Nada foi mudado: os valores são os que foram enviados.",
        "Nothing was changed: the values are those that were sent.",
        "No se cambió nada: los valores son los que se enviaron.",
    ),
    ReasonCode.CORRECTION_TOO_LARGE: labels(
        "Corrigido, o envio tem {bytes} bytes; o limite é {limit}.",
        "Corrected, what would be sent has {bytes} bytes; the limit is {limit}.",
        "Corregido, el envío tiene {bytes} bytes; el límite es {limit}.",
    ),
    ReasonCode.CORRECTION_REDACTED: labels(
        "O novo valor de {pointer} é um dado sigiloso, que aqui nunca é guardado.",
        "The new value of {pointer} is a secret, which is never kept here.",
        "El nuevo valor de {pointer} es un dato secreto, que aquí nunca se guarda.",
    ),
    ReasonCode.CORRECTION_GONE: labels(
        "Não foi enviado: o que estava guardado para a correção foi apagado antes da vez deste item.",
        "It was not sent: what was kept for the correction was deleted before its turn came.",
        "No se envió: lo que se guardaba para la corrección se borró antes de su turno.",
    ),
}
