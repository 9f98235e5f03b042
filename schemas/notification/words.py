"""Sentences of messages, and words for their parts, in three languages: one that lacks fails at import.

Words for incidents are those of schemas.words.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from schemas.catalogue import LANGUAGES, Language, labels
from schemas.incident import Kind
from schemas.notification.message import ChannelKind, MessageState

Words = Mapping[Language, str]

#: Advice where the playbook has nothing about it.
ADVICE: Final[Mapping[Kind, Words]] = MappingProxyType(
    {
        Kind.FAILURE_SHARE: labels(
            "Veja os erros mais frequentes e o que têm em comum.",
            "Look at the most frequent errors, and at what they have in common.",
            "Vea los errores más frecuentes y lo que tienen en común.",
        ),
        Kind.NEW_FAULT: labels(
            "Leia a mensagem do erro e decida quem deve agir.",
            "Read the message of the error, and decide who must act.",
            "Lea el mensaje del error y decida quién debe actuar.",
        ),
        Kind.GROUP_ESCALATES: labels(
            "Corrija a causa e depois reprocesse o grupo.",
            "Correct the cause, then reprocess the group.",
            "Corrija la causa y luego reprocese el grupo.",
        ),
        Kind.SILENCE: labels(
            "Veja se o conector está no ar e se o marketplace responde.",
            "See whether the connector runs, and whether the marketplace answers.",
            "Vea si el conector está en marcha y si el marketplace responde.",
        ),
        Kind.BREAKER_OPENED: labels(
            "Não é preciso fazer nada: os reenvios voltam sozinhos quando o marketplace responder.",
            "There is nothing to do: retries go on by themselves when the marketplace answers again.",
            "No hay que hacer nada: los reenvíos siguen solos cuando el marketplace vuelva a responder.",
        ),
        Kind.DEAD_LETTERS_RISE: labels(
            "Veja por que não foram lidos e avise quem cuida do conector.",
            "See why they could not be read, and tell whoever runs the connector.",
            "Vea por qué no se pudieron leer y avise a quien opera el conector.",
        ),
        Kind.REPROCESS_STOPPED: labels(
            "Veja o que a primeira etapa respondeu antes de continuar.",
            "See what the first step was answered before you go on.",
            "Vea qué respondió la primera etapa antes de continuar.",
        ),
    }
)

STATES: Final[Mapping[MessageState, Words]] = MappingProxyType(
    {
        "waiting": labels("a enviar", "to be sent", "por enviar"),
        "sent": labels("enviado", "sent", "enviado"),
        "failed": labels("não enviado", "not sent", "no enviado"),
        "superseded": labels("trocado por um mais novo", "replaced by a newer one", "reemplazado por uno más nuevo"),
        "muted": labels("silenciado: manutenção", "muted: maintenance", "silenciado: mantenimiento"),
    }
)

CHANNELS: Final[Mapping[ChannelKind, Words]] = MappingProxyType(
    {
        "email": labels("E-mail", "E-mail", "Correo"),
        "chat": labels(*("Chat (Slack, Teams, Telegram…)",) * 3),
        "webhook": labels("Webhook assinado", "Signed webhook", "Webhook firmado"),
        "topic": labels("Tópico do Kafka", "Kafka topic", "Tema de Kafka"),
    }
)

SUBJECTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "channel": labels("Canal", "Channel", "Canal"),
        "rule": labels("Regra", "Rule", "Regla"),
        "window": labels("Janela de manutenção", "Maintenance window", "Ventana de mantenimiento"),
    }
)

ACTIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "made": labels("criação", "made", "creación"),
        "changed": labels("alteração", "changed", "cambio"),
        "removed": labels("remoção", "removed", "eliminación"),
        "tested": labels("teste", "tested", "prueba"),
    }
)

#: Headings of lines, and sentences of every message.
PHRASES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "account": labels("Conta", "Account", "Cuenta"),
        "affiliate": labels("Marketplace", "Marketplace", "Marketplace"),
        "type": labels("Tipo", "Type", "Tipo"),
        "severity": labels("Gravidade", "Severity", "Gravedad"),
        "since": labels("Desde", "Since", "Desde"),
        "until": labels("Até", "Until", "Hasta"),
        "why": labels("Por quê", "Why", "Por qué"),
        "count": labels("Quantos", "How many", "Cuántos"),
        "share": labels("Falham", "Failing", "Fallan"),
        "usual": labels("normal: %s", "usual: %s", "normal: %s"),
        "code": labels("Erro", "Error", "Error"),
        "cause": labels("Causa provável", "Likely cause", "Causa probable"),
        "advice": labels("O que fazer", "What to do", "Qué hacer"),
        "link": labels("Abrir no Conexões", "Open in Conexões", "Abrir en Conexões"),
        "digest": labels("Resumo do dia", "Digest of the day", "Resumen del día"),
        "more": labels("e mais %s", "and %s more", "y %s más"),
        "test": labels("Teste: este canal funciona", "Test: this channel works", "Prueba: este canal funciona"),
        "test_text": labels(
            "Os avisos do Conexões chegarão aqui. Não é preciso fazer nada.",
            "Notifications of Conexões will come here. There is nothing to do.",
            "Los avisos de Conexões llegarán aquí. No hay que hacer nada.",
        ),
    }
)


def _check(words: Mapping[Any, Words], members: tuple[object, ...]) -> None:
    if set(words) != set(members):
        raise TypeError(f"words must have {members}, and nothing else")
    if any(set(each) != set(LANGUAGES) for each in words.values()):
        raise TypeError("a word lacks a language")


_check(ADVICE, tuple(Kind))
_check(STATES, get_args(MessageState))
_check(CHANNELS, get_args(ChannelKind))
_check(SUBJECTS, tuple(SUBJECTS))
_check(ACTIONS, tuple(ACTIONS))
_check(PHRASES, tuple(PHRASES))
