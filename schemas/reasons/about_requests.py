"""Sentences about a request that is refused: for a caller of the API, and for a person on a page."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

REQUESTS: Mapping[ReasonCode, Mapping[Language, str]] = {
    # Who asks, and for what.
    ReasonCode.NO_VALID_KEY: labels(
        "É preciso uma chave válida: Authorization: Bearer <chave>.",
        "A valid key is needed: Authorization: Bearer <key>.",
        "Se necesita una clave válida: Authorization: Bearer <clave>.",
    ),
    ReasonCode.NOT_FOUND: labels(
        "Não existe, ou não está em uma conta a que esta chave tenha acesso.",
        "Not found, or not in an account that this key has access to.",
        "No existe, o no está en una cuenta a la que esta clave tenga acceso.",
    ),
    ReasonCode.TYPE_NOT_FOUND: labels(
        "Não há tipo de integração com esse nome. Os tipos são: {allowed}.",
        "There is no integration type of this name. The types are: {allowed}.",
        "No hay ningún tipo de integración con ese nombre. Los tipos son: {allowed}.",
    ),
    ReasonCode.ADDRESS_RESERVED: labels(
        "Endereços que começam assim não são de nenhuma conta. Uma conta com este nome não tem páginas; seus registros "
        "estão na API de consulta.",
        "Addresses that begin like this belong to no account. An account with this name has no pages; its records are "
        "in the query API.",
        "Las direcciones que empiezan así no son de ninguna cuenta. Una cuenta con este nombre no tiene páginas; sus "
        "registros están en la API de consulta.",
    ),
    ReasonCode.METHOD_NOT_ALLOWED: labels(
        "Este endereço aceita apenas {allowed}.",
        "This address takes {allowed} only.",
        "Esta dirección solo acepta {allowed}.",
    ),
    ReasonCode.OPERATOR_NEEDED: labels(
        "Sua chave só permite leitura: isto requer o papel de operador. Peça uma chave assim a quem opera o Conexões.",
        "Your key is read-only: this needs the operator role. Ask whoever runs Conexões for a key that has it.",
        "Su clave solo permite lectura: esto requiere el rol de operador. Pida una clave así a quien opera Conexões.",
    ),
    ReasonCode.CONNECTOR_NEEDED: labels(
        "Enviar resultados requer uma chave de conector: conexoes keys create --role connector.",
        "Posting results needs the key of a connector: conexoes keys create --role connector.",
        "Enviar resultados requiere una clave de conector: conexoes keys create --role connector.",
    ),
    ReasonCode.CONNECTOR_ONLY_POSTS: labels(
        "Esta chave é de um conector: ela só envia resultados, com POST /events/results.",
        "This key is a connector's: it only posts results, with POST /events/results.",
        "Esta clave es de un conector: solo envía resultados, con POST /events/results.",
    ),
    ReasonCode.ADMIN_NEEDED: labels(
        "Isto requer uma chave com o papel de administrador. Peça-a a quem opera o Conexões.",
        "This needs a key of the admin role. Ask whoever runs Conexões for one.",
        "Esto requiere una clave con el rol de administrador. Pídala a quien opera Conexões.",
    ),
    ReasonCode.CONNECTOR_NOT_BOUND: labels(
        "Um conector precisa da origem dos seus eventos e de pelo menos um afiliado, e não pode ser convidado.",
        "A connector needs the source of its events and at least one affiliate, and can't be invited.",
        "Un conector necesita el origen de sus eventos y al menos un afiliado, y no se lo puede invitar.",
    ),
    ReasonCode.EVIDENCE_NOT_SEEN: labels(
        "Sua chave não pode ver o que foi enviado e o que voltou.",
        "Your key may not see what was sent and what came back.",
        "Su clave no puede ver lo que se envió y lo que se recibió.",
    ),
    ReasonCode.FORM_OF_ANOTHER_SESSION: labels(
        "Este formulário é de outra sessão: recarregue a página.",
        "This form belongs to another session: reload the page.",
        "Este formulario es de otra sesión: recargue la página.",
    ),
    ReasonCode.FROM_ANOTHER_SITE: labels(
        "Este pedido veio de outro site.", "This request came from another site.", "Esta petición vino de otro sitio."
    ),
    # How it is written.
    ReasonCode.URL_TOO_LONG: labels(
        "O endereço deve ter no máximo {limit} bytes.",
        "The URL must have at most {limit} bytes.",
        "La dirección debe tener como máximo {limit} bytes.",
    ),
    ReasonCode.ONE_HOST_HEADER: labels(
        "Um pedido deve ter um cabeçalho Host; este tem {hosts}.",
        "A request must have one Host header; this one has {hosts}.",
        "Una petición debe tener un encabezado Host; esta tiene {hosts}.",
    ),
    ReasonCode.RANGE_NOT_IN_FILE: labels(
        "O arquivo não tem o intervalo de bytes pedido no cabeçalho Range. Peça sem esse cabeçalho o arquivo inteiro.",
        "The file does not have the bytes that the Range header asks for. Without that header you get the whole file.",
        "El archivo no tiene el intervalo de bytes pedido en el encabezado Range. Sin ese encabezado se obtiene el "
        "archivo completo.",
    ),
    ReasonCode.HTTP_1_1_NEEDED: labels(
        "É preciso HTTP/1.1: por HTTP/1.0, um arquivo cortado parece inteiro.",
        "HTTP/1.1 is needed: over HTTP/1.0 a cut file looks whole.",
        "Se necesita HTTP/1.1: por HTTP/1.0, un archivo cortado parece entero.",
    ),
    ReasonCode.CONTENT_ENCODING: labels(
        "content-encoding não é aceito: envie o corpo como ele é.",
        "content-encoding is not accepted: send the body as it is.",
        "content-encoding no se acepta: envíe el cuerpo tal como es.",
    ),
    ReasonCode.BODY_TOO_LARGE: labels(
        "{field} deve ter no máximo {limit} bytes",
        "{field} must have at most {limit} bytes",
        "{field} debe tener como máximo {limit} bytes",
    ),
    ReasonCode.BODY_TOO_SLOW: labels(
        "{field} deve chegar inteiro em {seconds:g} segundos",
        "{field} must come within {seconds:g} seconds",
        "{field} debe llegar completo en {seconds:g} segundos",
    ),
    ReasonCode.FORM_UNREADABLE: labels(
        "O formulário não pode ser lido: deve ser {expected}, em UTF-8 e com no máximo {limit} campos.",
        "The form can't be read: it must be {expected}, in UTF-8 and with at most {limit} fields.",
        "No se puede leer el formulario: debe ser {expected}, en UTF-8 y con un máximo de {limit} campos.",
    ),
    ReasonCode.FILE_MISSING: labels(
        "{field}: escolha um arquivo", "{field}: choose a file", "{field}: elija un archivo"
    ),
    ReasonCode.GIVEN_TWICE: labels(
        "{field} deve ser informado uma vez só", "{field} must be given once", "{field} debe darse una sola vez"
    ),
    ReasonCode.PARAMETER_UNKNOWN: labels(
        "{field} não é um parâmetro deste endereço",
        "{field} is not a parameter of this path",
        "{field} no es un parámetro de esta dirección",
    ),
    ReasonCode.NOT_SEARCHABLE: labels(
        "Não é possível procurar por um valor deste pedido.",
        "A value of this request cannot be searched for.",
        "No es posible buscar por un valor de esta petición.",
    ),
    ReasonCode.NOT_OF_THIS_LIST: labels(
        "{field} não é desta lista, ou é de outro filtro: comece pela primeira página, sem ele",
        "{field} is not a token of this list: ask for its first page without one",
        "{field} no es de esta lista, o es de otro filtro: empiece por la primera página, sin él",
    ),
    ReasonCode.SORT_TOO_MANY: labels(
        "{field} por uma coluna requer um filtro de no máximo {limit} logs, e este corresponde a {count}; por data, "
        "com newest ou oldest, não há limite",
        "{field} by a column needs a filter of at most {limit} logs, and this one matches {count}; by date, with "
        "newest or oldest, there is no limit",
        "{field} por una columna requiere un filtro de como máximo {limit} logs, y este coincide con {count}; por "
        "fecha, con newest u oldest, no hay límite",
    ),
    ReasonCode.SORT_TOO_MANY_FOUND: labels(
        "{field} por uma coluna requer um filtro de no máximo {limit} logs, e este corresponde a mais; por data, "
        "com newest ou oldest, não há limite",
        "{field} by a column needs a filter of at most {limit} logs, and this one matches more; by date, with newest "
        "or oldest, there is no limit",
        "{field} por una columna requiere un filtro de como máximo {limit} logs, y este coincide con más; por fecha, "
        "con newest u oldest, no hay límite",
    ),
    ReasonCode.SORT_NOT_TOLD: labels(
        "{field} por uma coluna requer um filtro de no máximo {limit} logs; a busca encontra mais, e o resto do filtro "
        "também, e não se sabe quantos correspondem aos dois",
        "{field} by a column needs a filter of at most {limit} logs; the search finds more, so does the rest of the "
        "filter, and it is not known how many match both",
        "{field} por una columna requiere un filtro de como máximo {limit} logs; la búsqueda encuentra más, el resto "
        "del filtro también, y no se sabe cuántos coinciden con ambos",
    ),
    ReasonCode.IDEMPOTENCY_KEY_NEEDED: labels(
        "{field} é obrigatório: de 1 a {limit} caracteres ASCII imprimíveis",
        "{field} is required: 1 to {limit} printable ASCII characters",
        "{field} es obligatorio: de 1 a {limit} caracteres ASCII imprimibles",
    ),
    ReasonCode.IDEMPOTENCY_KEY_USED: labels(
        "{field} já foi usado com outro corpo",
        "{field} was used with another body",
        "{field} ya se usó con otro cuerpo",
    ),
    # Too much.
    ReasonCode.TOO_MANY_REQUESTS: labels(
        "Pediu-se demais ao mesmo tempo. Tente de novo em {seconds} s.",
        "Too much is asked for at once. Try again in {seconds} s.",
        "Se pidió demasiado a la vez. Intente de nuevo en {seconds} s.",
    ),
    ReasonCode.TOO_MANY_COMMANDS: labels(
        "Comandos demais desta conta. Tente de novo em {seconds} s.",
        "Too many commands of this account. Try again in {seconds} s.",
        "Demasiados comandos de esta cuenta. Intente de nuevo en {seconds} s.",
    ),
    ReasonCode.TOO_MANY_EVENTS: labels(
        "Eventos demais desta chave. Tente de novo em {seconds} s.",
        "Too many events of this key. Try again in {seconds} s.",
        "Demasiados eventos de esta clave. Intente de nuevo en {seconds} s.",
    ),
    ReasonCode.TOO_MANY_WRONG_KEYS: labels(
        "Chaves erradas demais vieram deste endereço. Tente de novo em {seconds} s.",
        "Too many wrong keys came from this address. Try again in {seconds} s.",
        "Llegaron demasiadas claves erróneas desde esta dirección. Intente de nuevo en {seconds} s.",
    ),
    # Not now.
    ReasonCode.NO_DATABASE_NOW: labels(
        "O banco de dados não pode responder agora, ou demorou demais para esta consulta. Nada foi perdido nem "
        "enviado. Tente de novo em alguns segundos.",
        "The database cannot answer right now, or took too long for this query. Nothing is lost, and nothing was sent. "
        "Try again in a few seconds.",
        "La base de datos no puede responder ahora, o tardó demasiado en esta consulta. No se perdió ni se envió nada. "
        "Intente de nuevo en unos segundos.",
    ),
    ReasonCode.DONE_NOT_KNOWN: labels(
        "O banco de dados não pode responder agora. Não se sabe se o que foi pedido está feito: veja antes de tentar "
        "de novo.",
        "The database cannot answer right now. It is not known whether what was asked for is done: look before you try "
        "again.",
        "La base de datos no puede responder ahora. No se sabe si lo pedido está hecho: mire antes de intentar de "
        "nuevo.",
    ),
    ReasonCode.EVENT_REFUSED: labels(
        "evento {position}: {reason}", "event {position}: {reason}", "evento {position}: {reason}"
    ),
    ReasonCode.EVENTS_NOT_TAKEN: labels(
        "O Kafka não confirmou todos os eventos. Envie os mesmos de novo, com os mesmos ids: cada um conta uma vez.",
        "Kafka has not acknowledged all of the events. Post the same again, with the same ids: each counts once.",
        "Kafka no confirmó todos los eventos. Envíe los mismos de nuevo, con los mismos ids: cada uno cuenta una vez.",
    ),
    ReasonCode.COMMAND_NOT_QUEUED: labels(
        "O Kafka não pode receber o comando agora; nada foi posto na fila. Tente de novo: o mesmo formulário, ou "
        "o mesmo Idempotency-Key, é o mesmo comando.",
        "Kafka cannot take the command right now; nothing was queued. Try again: the same form, or the same "
        "Idempotency-Key, is the same command.",
        "Kafka no puede recibir el comando ahora; no se puso nada en cola. Intente de nuevo: el mismo formulario, o "
        "el mismo Idempotency-Key, es el mismo comando.",
    ),
    ReasonCode.COMMAND_NOT_KNOWN: labels(
        "O Kafka ou o banco de dados não responde agora; não se sabe se o comando foi recebido. Tente de novo: o mesmo "
        "formulário, ou o mesmo Idempotency-Key, é o mesmo comando.",
        "Kafka or the database does not answer right now; it is not known whether the command was taken. Try again: "
        "the same form, or the same Idempotency-Key, is the same command.",
        "Kafka o la base de datos no responde ahora; no se sabe si se recibió el comando. Intente de nuevo: el mismo "
        "formulario, o el mismo Idempotency-Key, es el mismo comando.",
    ),
    ReasonCode.COMMAND_NOT_RECORDED: labels(
        "Os agentes ainda não registraram o comando. Tente de novo.",
        "The agents have not recorded it yet. Try again.",
        "Los agentes aún no registraron el comando. Intente de nuevo.",
    ),
    ReasonCode.COMMAND_DONE: labels(
        "O comando está concluído: não há mais nada a cancelar.",
        "It is done: there is nothing left to cancel.",
        "El comando está concluido: ya no hay nada que cancelar.",
    ),
    ReasonCode.UNEXPECTED: labels(
        "Algo deu errado aqui; foi registrado no log.",
        "Something went wrong here; it was logged.",
        "Algo salió mal aquí; quedó registrado en el log.",
    ),
    # A dead letter, and its redrive.
    ReasonCode.LETTER_ERASED: labels("O conteúdo foi apagado.", "Its content was erased.", "El contenido fue borrado."),
    ReasonCode.LETTER_NOT_WAITING: labels(
        "Só se edita uma mensagem que está esperando: esta está sendo reenviada, já foi reenviada ou foi apagada.",
        "Only a letter that waits can be edited: this one is being redriven, was redriven, or was erased.",
        "Solo se edita un mensaje que espera: este se está reenviando, ya se reenvió o fue borrado.",
    ),
    ReasonCode.LETTER_EDITS_FULL: labels(
        "Uma mensagem tem no máximo {limit} edições.",
        "A letter has at most {limit} edits.",
        "Un mensaje tiene como máximo {limit} ediciones.",
    ),
    ReasonCode.NOT_A_RESULTS_TOPIC: labels(
        "Só resultados são reenviados, de tópicos que os agentes leem.",
        "Only results are redriven, from topics that agents read.",
        "Solo se reenvían resultados, de tópicos que los agentes leen.",
    ),
    ReasonCode.COMMAND_NOT_REDRIVEN: labels(
        "Um comando de reprocessamento não é reenviado: os dados podem ter mudado, e quem pediu pode já saber que ele "
        "foi recusado. Faça um novo plano.",
        "A reprocess command is not redriven: data may have changed since, and whoever asked may have been told that "
        "it was refused. Make a new plan instead.",
        "Un comando de reproceso no se reenvía: los datos pueden haber cambiado, y quien lo pidió puede saber ya que "
        "fue rechazado. Haga un plan nuevo.",
    ),
    ReasonCode.CONNECTOR_NOT_READ: labels(
        "Nada é reenviado ao tópico de um conector que não está mais em CONEXOES_SOURCES, pois nenhum agente o lê. "
        "Primeiro inclua o conector ali de novo.",
        "Nothing is redriven to the topic of a connector that CONEXOES_SOURCES no longer has, since no agent reads it. "
        "Add the connector there again first.",
        "No se reenvía nada al tópico de un conector que ya no está en CONEXOES_SOURCES, pues ningún agente lo lee. "
        "Primero agregue el conector allí de nuevo.",
    ),
    ReasonCode.RESULT_ERASED: labels(
        "Este resultado foi apagado e não é armazenado de novo.",
        "This result was erased, and is not stored again.",
        "Este resultado fue borrado y no se guarda de nuevo.",
    ),
    ReasonCode.REDRIVE_OVER: labels(
        "O reenvio não pode mudar assim: seu estado é {state}.",
        "The redrive can't be changed so: its state is {state}.",
        "El reenvío no puede cambiar así: su estado es {state}.",
    ),
}
