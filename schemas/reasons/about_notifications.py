"""Sentences about a message that a channel of notifications did not take."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

NOTIFICATIONS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.NO_ANSWER_IN_TIME: labels(
        "não houve resposta a tempo",
        "no answer in time",
        "no hubo respuesta a tiempo",
    ),
    ReasonCode.NOT_CONNECTED: labels(
        "a conexão falhou: {error}",
        "the connection failed: {error}",
        "falló la conexión: {error}",
    ),
    ReasonCode.ADDRESS_NOT_ALLOWED: labels(
        "o endereço não é público, nem de uma rede permitida",
        "the address is not a public one, and in no network that is allowed",
        "la dirección no es pública ni de una red permitida",
    ),
    ReasonCode.WEBHOOK_ANSWERED: labels(
        "o webhook respondeu {status}",
        "the webhook answered {status}",
        "el webhook respondió {status}",
    ),
    ReasonCode.SMTP_NOT_SET: labels(
        "nenhum servidor SMTP está definido: CONEXOES_SMTP_HOST, CONEXOES_SMTP_FROM",
        "no SMTP server is set: CONEXOES_SMTP_HOST, CONEXOES_SMTP_FROM",
        "no hay servidor SMTP definido: CONEXOES_SMTP_HOST, CONEXOES_SMTP_FROM",
    ),
    ReasonCode.SMTP_RECIPIENT_REFUSED: labels(
        "o servidor SMTP recusou o destinatário: {status}",
        "the SMTP server refused the recipient: {status}",
        "el servidor SMTP rechazó al destinatario: {status}",
    ),
    ReasonCode.SMTP_LOGIN_REFUSED: labels(
        "o servidor SMTP recusou o login: {status}",
        "the SMTP server refused the login: {status}",
        "el servidor SMTP rechazó el inicio de sesión: {status}",
    ),
    ReasonCode.SMTP_REFUSED: labels(
        "o servidor SMTP recusou a mensagem: {status}",
        "the SMTP server refused it: {status}",
        "el servidor SMTP rechazó el mensaje: {status}",
    ),
    ReasonCode.CHAT_URL_UNREADABLE: labels(
        "a URL do chat não pode mais ser lida",
        "the chat's URL can't be read any more",
        "la URL del chat ya no se puede leer",
    ),
    ReasonCode.CHAT_NOT_TAKEN: labels(
        "o chat não aceitou a mensagem",
        "the chat did not take it",
        "el chat no aceptó el mensaje",
    ),
    ReasonCode.CHAT_PROCESS_ENDED: labels(
        "o processo que envia ao chat terminou com {code}",
        "the process that sends to the chat ended with {code}",
        "el proceso que envía al chat terminó con {code}",
    ),
    ReasonCode.NOT_ACKNOWLEDGED: labels(
        "o Kafka não confirmou o recebimento: {detail}",
        "Kafka did not acknowledge it: {detail}",
        "Kafka no confirmó la recepción: {detail}",
    ),
    ReasonCode.CHANNEL_REMOVED: labels("o canal foi removido", "the channel was removed", "el canal se eliminó"),
    ReasonCode.CHANNEL_SEALED_ELSEWHERE: labels(
        "não é possível decifrar o endereço do canal: CONEXOES_CHANNELS_KEY é a mesma em toda parte?",
        "its address can't be decrypted: is CONEXOES_CHANNELS_KEY the same everywhere?",
        "no se puede descifrar la dirección del canal: ¿CONEXOES_CHANNELS_KEY es la misma en todas partes?",
    ),
    ReasonCode.MESSAGE_NOT_WRITTEN: labels(
        "não foi possível escrever a mensagem",
        "it could not be written",
        "no se pudo escribir el mensaje",
    ),
    ReasonCode.MESSAGE_HAD_NO_TURN: labels("a vez dela não chegou", "its turn did not come", "no le llegó el turno"),
    ReasonCode.MESSAGE_GIVEN_UP: labels(
        "não será mais tentada: {error}",
        "given up: {error}",
        "no se intentará más: {error}",
    ),
}
