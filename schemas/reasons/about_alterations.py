"""Sentences about what was done to a result, so that what explains it could be read."""

from collections.abc import Mapping

from schemas.catalogue import Language, labels
from schemas.reasons.code import ReasonCode

ALTERATIONS: Mapping[ReasonCode, Mapping[Language, str]] = {
    ReasonCode.ALTERED_CHARACTERS: labels(
        "caracteres que não podem ser guardados foram trocados por U+FFFD",
        "characters that can't be stored were replaced by U+FFFD",
        "los caracteres que no se pueden guardar se cambiaron por U+FFFD",
    ),
    ReasonCode.ALTERED_TO_TEXT: labels(
        "{field}: {got:kind} foi lido como texto",
        "{field}: {got:kind} was read as text",
        "{field}: {got:kind} se leyó como texto",
    ),
    ReasonCode.ALTERED_JOINED: labels(
        "{field}: uma lista foi lida como um só texto",
        "{field}: a list was read as one text",
        "{field}: una lista se leyó como un solo texto",
    ),
    ReasonCode.ALTERED_LEFT_OUT: labels(
        "{field}: {got:kind} não foi lido", "{field}: {got:kind} was left out", "{field}: {got:kind} no se leyó"
    ),
    ReasonCode.ALTERED_CUT: labels(
        "{field}: só os primeiros {limit} caracteres foram lidos",
        "{field}: only the first {limit} characters were read",
        "{field}: solo se leyeron los primeros {limit} caracteres",
    ),
    ReasonCode.ALTERED_TO_ERRORS: labels(
        "{field}: {got:kind} foi lido como erro",
        "{field}: {got:kind} was read as an error",
        "{field}: {got:kind} se leyó como error",
    ),
    ReasonCode.ALTERED_SOME_KEPT: labels(
        "{field}: {limit} de {count} foram lidos",
        "{field}: {limit} of {count} were read",
        "{field}: se leyeron {limit} de {count}",
    ),
    ReasonCode.ALTERED_TIME: labels(
        "{field} não foi lido, e vale processed_at: {reason}",
        "{field} was left out, and processed_at stands for it: {reason}",
        "{field} no se leyó, y vale processed_at: {reason}",
    ),
}
