"""Sentences about an entity that is not reprocessed, and about a command that sends nothing more."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

REPROCESS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.FILTER_EMPTY: labels(
        "um filtro vazio, ou que só exclui, significa todos os registros deste tipo: diga all=true se é isso mesmo",
        "a filter that is empty or only excludes means every log of this type: say all=true if that is meant",
        "un filtro vacío, o que solo excluye, significa todos los registros de este tipo: diga all=true si lo quiere",
    ),
    ReasonCode.TYPE_UNKNOWN: labels(
        "integration_type deve ser um de {allowed}",
        "integration_type must be one of {allowed}",
        "integration_type debe ser uno de {allowed}",
    ),
    ReasonCode.ONE_WAY_TO_CHOOSE: labels(
        "informe log_ids ou filter, e só um deles",
        "give either log_ids or filter",
        "indique log_ids o filter, y solo uno",
    ),
    ReasonCode.AS_OF_MISSING: labels(
        "as_of é obrigatório com filter", "as_of is required with filter", "as_of es obligatorio con filter"
    ),
    ReasonCode.LOG_NOT_FOUND: labels(
        "Não existe esse registro nesta conta e neste tipo.",
        "There is no such log in this account and type.",
        "No existe ese registro en esta cuenta y este tipo.",
    ),
    ReasonCode.CHANGED_SINCE: labels(
        "Um resultado mais novo chegou depois da solicitação.",
        "A newer result came after this was asked for.",
        "Llegó un resultado más nuevo después de la solicitud.",
    ),
    ReasonCode.ALREADY_SUCCEEDED: labels(
        "O último resultado é um sucesso.", "The last result is a success.", "El último resultado es un éxito."
    ),
    ReasonCode.JOINED_EARLIER: labels(
        "Um reprocessamento anterior desta entidade está em andamento; esta solicitação se juntou a ele.",
        "An earlier reprocess of this entity is in flight; this request joined it.",
        "Un reprocesamiento anterior de esta entidad está en curso; esta solicitud se unió a él.",
    ),
    ReasonCode.BEING_REPROCESSED: labels(
        "Já está sendo reprocessado.", "It is being reprocessed already.", "Ya se está reprocesando."
    ),
    ReasonCode.COMMAND_ENDED: labels(
        "O comando terminou antes deste envio.",
        "Its command ended before this was sent.",
        "El comando terminó antes de este envío.",
    ),
    ReasonCode.HEALED_BEFORE: labels(
        "Teve sucesso antes deste envio: nada foi enviado.",
        "It succeeded before this was sent: nothing was sent.",
        "Tuvo éxito antes de este envío: no se envió nada.",
    ),
    ReasonCode.AFFILIATE_PAUSED: labels(
        "Este marketplace está pausado: retome-o e solicite de novo.",
        "This marketplace is paused: resume it, then ask again.",
        "Este marketplace está en pausa: reanúdelo y vuelva a solicitarlo.",
    ),
    ReasonCode.ORDERS_NOT_REPROCESSED: labels(
        "Pedidos não são reprocessados: siga o guia de solução de problemas do marketplace.",
        "Orders are not reprocessed: follow the troubleshooting guide of the marketplace.",
        "Los pedidos no se reprocesan: siga la guía de solución de problemas del marketplace.",
    ),
    ReasonCode.SWITCHED_OFF: labels(
        "O reprocessamento está desligado para este marketplace.",
        "Reprocessing is switched off for this marketplace.",
        "El reprocesamiento está desactivado para este marketplace.",
    ),
    ReasonCode.READ_ONLY_KEY: labels(
        "Sua chave só permite leitura.", "Your key is read-only.", "Su clave solo permite lectura."
    ),
    ReasonCode.REFUSED_BY_KAFKA: labels(
        "O Kafka recusa o reenvio: {detail}", "Kafka refuses the retry: {detail}", "Kafka rechaza el reenvío: {detail}"
    ),
    ReasonCode.REASON_REQUIRED: labels(
        "É preciso informar um motivo para mais de {limit} registros de {affiliate}; estes são {count}.",
        "A reason is required for more than {limit} logs of {affiliate}; these are {count}.",
        "Se requiere un motivo para más de {limit} registros de {affiliate}; estos son {count}.",
    ),
    ReasonCode.CANCELLED_BY: labels("Cancelado por {by}.", "Cancelled by {by}.", "Cancelado por {by}."),
    ReasonCode.CANCELLED_BY_BECAUSE: labels(
        "Cancelado por {by}: {reason}", "Cancelled by {by}: {reason}", "Cancelado por {by}: {reason}"
    ),
    ReasonCode.SELECTION_TOO_SLOW: labels(
        "Encontrar o que o filtro seleciona demorou demais, {times} vezes. Solicite menos de uma vez.",
        "Finding what its filter selects took too long, {times} times. Ask for less at once.",
        "Encontrar lo que el filtro selecciona tardó demasiado, {times} veces. Solicite menos de una vez.",
    ),
    ReasonCode.FILTER_NOT_KNOWN: labels(
        "Esta versão não conhece o filtro.",
        "This version does not know its filter.",
        "Esta versión no conoce el filtro.",
    ),
    ReasonCode.ITEMS_NOT_MADE: labels(
        "Não é possível criar os itens: {detail}",
        "Its items can't be made: {detail}",
        "No se pueden crear los ítems: {detail}",
    ),
    ReasonCode.STEP_WENT_ON: labels(
        "Continuou após a etapa {step}: {fixed} de {total} corrigidos ({share:.0%}).",
        "Went on after step {step}: {fixed} of {total} fixed ({share:.0%}).",
        "Continuó tras la etapa {step}: {fixed} de {total} corregidos ({share:.0%}).",
    ),
    ReasonCode.STEP_STOPPED: labels(
        "Parou após a etapa {step}: {fixed} de {total} corrigidos ({share:.0%}), menos de {wanted:.0%}{parts:each}.",
        "Stopped after step {step}: {fixed} of {total} fixed ({share:.0%}), less than {wanted:.0%}{parts:each}.",
        "Se detuvo tras la etapa {step}: {fixed} de {total} corregidos ({share:.0%}), menos del {wanted:.0%}"
        "{parts:each}.",
    ),
    ReasonCode.STEP_SAME_FAULT: labels(
        "Parou após a etapa {step}: o erro {code} voltou em {count} dos {total} que o tinham.",
        "Stopped after step {step}: the error {code} came back in {count} of the {total} that had it.",
        "Se detuvo tras la etapa {step}: el error {code} volvió en {count} de los {total} que lo tenían.",
    ),
    ReasonCode.STEP_NOT_TRIED: labels(
        "Parou após a etapa {step}: só {tried} dos {total} enviados foram de fato tentados{parts:each}.",
        "Stopped after step {step}: only {tried} of {total} sent were tried at all{parts:each}.",
        "Se detuvo tras la etapa {step}: solo {tried} de los {total} enviados se intentaron de verdad{parts:each}.",
    ),
    ReasonCode.PART_SAME_ERROR: labels(
        "{count} com o mesmo erro de novo",
        "{count} came back with the same error",
        "{count} con el mismo error otra vez",
    ),
    ReasonCode.PART_SAME_ERROR_CODE: labels(
        "{count} com o mesmo erro de novo ({code})",
        "{count} came back with the same error ({code})",
        "{count} con el mismo error otra vez ({code})",
    ),
    ReasonCode.PART_DIFFERENT_ERROR: labels(
        "{count} com outro erro", "{count} with another error", "{count} con otro error"
    ),
    ReasonCode.PART_SILENT: labels("{count} sem resposta", "{count} silent", "{count} sin respuesta"),
    ReasonCode.PART_FAILED: labels(
        "{count} que o Kafka recusou", "{count} that Kafka refused", "{count} que Kafka rechazó"
    ),
    ReasonCode.PART_CANCELLED: labels("{count} não enviados", "{count} not sent", "{count} no enviados"),
    ReasonCode.PART_BUSY: labels(
        "{count} com o marketplace ocupado", "{count} with the marketplace busy", "{count} con el marketplace ocupado"
    ),
    ReasonCode.PART_HEALED: labels(
        "{count} resolvidos antes do envio", "{count} healed before they were sent", "{count} resueltos antes del envío"
    ),
    ReasonCode.PART_OTHER: labels("{count} {state}", "{count} {state}", "{count} {state}"),
    ReasonCode.AUTOMATIC_BUSY: labels(
        "Tentado de novo automaticamente, {attempt} de {tries}: o marketplace estava ocupado ({code}).",
        "Tried again by itself, {attempt} of {tries}: the marketplace had no time ({code}).",
        "Reintentado automáticamente, {attempt} de {tries}: el marketplace estaba ocupado ({code}).",
    ),
    ReasonCode.AUTOMATIC_TRANSPORT: labels(
        "Tentado de novo automaticamente, {attempt} de {tries}: o marketplace não foi alcançado ({code}).",
        "Tried again by itself, {attempt} of {tries}: the marketplace was not reached ({code}).",
        "Reintentado automáticamente, {attempt} de {tries}: no se alcanzó el marketplace ({code}).",
    ),
    ReasonCode.AUTOMATIC_CANARY: labels(
        "Tentado de novo automaticamente, {attempt} de {tries}: primeiro um, os demais só se for corrigido ({code}).",
        "Tried again by itself, {attempt} of {tries}: one first, and the others only if that is fixed ({code}).",
        "Reintentado automáticamente, {attempt} de {tries}: uno primero, y los demás solo si se corrige ({code}).",
    ),
    ReasonCode.AUTOMATIC_SWITCHED_OFF: labels(
        "As novas tentativas automáticas foram desligadas.",
        "Automatic retries were switched off.",
        "Se desactivaron los reintentos automáticos.",
    ),
    ReasonCode.NAME_RESERVED: labels(
        "o nome {name} é do próprio Conexões",
        "the name {name} is that of Conexões itself",
        "el nombre {name} es de Conexões",
    ),
    ReasonCode.TOO_FAR_AHEAD: labels(
        "not_before pode estar no máximo {days} dias à frente",
        "not_before may be at most {days} days ahead",
        "not_before puede estar como máximo {days} días adelante",
    ),
    ReasonCode.PAUSE_OVER_ALREADY: labels(
        "esta hora já passou: escolha uma futura para o fim da pausa",
        "this time is over: choose a later one for the end of the pause",
        "esta hora ya pasó: elija una posterior para el final de la pausa",
    ),
}
