"""A field of JSON, an element of XML or the name of a `name=value`: does its value tell faults apart?"""

from enum import Enum
from functools import lru_cache
from typing import Final

from schemas.fingerprint.vocabulary import ENTITIES, words


class Says(Enum):
    """Use of a field's value for recognising a fault."""

    TEXT = "text"  # sentences, read as a message is
    CODE = "code"  # a code or the name of a field, kept with the field's name
    ID = "id"  # of a request or an entity: never part of a fault
    NOTHING = "nothing"  # unknown: data of the entity, as a rule


_TEXT: Final = words(
    """message msg messages errormessage errormsg errmsg errmessage usermessage developermessage localizedmessage
    longmessage shortmessage submsg submessage resultmessage statusmessage responsemessage exceptionmessage text
    description desc errordescription resultdescription detail details errordetail errordetails reason failreason
    failedreason failurereason rejectreason rejectionreason reasons statusreason cause causes causedby error errors
    failederror faultstring exception hint info warning warnings failure failures note remark returnmsg retmsg
    mensagem mensagens mensagemerro descricao descrição detalhe detalhes motivo motivos erro erros causa causas
    xmotivo mensaje mensajes descripcion descripción detalle detalles errores mensajeerror"""
)
_CODE: Final = words(
    """type errortype exceptiontype exceptionclass tipo status state httpstatus field fields fieldname path param
    params paramname parameter parametername property propertyname attribute attributes attributename attributenames
    campo campos atributo atributos parametro parâmetro pointer loc reference references domain severity level
    constraint rule keyword instancepath schemapath datapath cstat errno ret retcode returnvalue
    result errornumber errorno codigoerro codigoerror codigoretorno codretorno policy quota exceptionname
    location sqlcode sqlstate"""
)
_ENDINGS: Final = (
    *((ending, Says.CODE) for ending in ("code", "codes", "codigo", "código", "status", "path", "field")),
    *((ending, Says.TEXT) for ending in ("errors", "error", "message", "msg", "reason", "description", "errortext")),
)
_ID: Final = words(
    """id uuid guid trace timestamp time date datetime instance signature sign token nonce sku skus ean asin upc
    sellersku offersku merchantsku partnumber refid protocolo protocol ticket host hostname server ip url uri link href
    documentation documentationurl helpurl moreinfo version"""
)
#: Things that a vendor defines: the id of one is a name or a code, and none of an entity.
_DEFINED: Final = (
    "attribute", "attr", "atributo", "property", "propriedade", "propiedad", "field", "campo", "param", "parameter",
    "parametro", "rule", "regra", "regla", "reason", "motivo", "error", "erro", "cause", "causa", "validation",
    "violation", "constraint", "issue", "policy", "check",
)  # fmt: skip
_DEFINED_IDS: Final = tuple(f"{thing}{ending}" for thing in _DEFINED for ending in ("id", "ids"))
_ID_ENDINGS: Final = ("id", "ids", "uuid", "guid", "timestamp", "date", "sku", "url", "traceparent")
_JOINTS: Final = str.maketrans("", "", "_-. ")


@lru_cache(maxsize=4096)
def says(name: str) -> Says:
    """Return what the value of the field `name` is for a fault, in whatever way the name is spelled."""
    plain = name.rpartition(":")[2].lower().translate(_JOINTS)
    if plain in _TEXT:
        return Says.TEXT
    if plain in _CODE:
        return Says.CODE
    for ending, kind in _ENDINGS:
        if plain.endswith(ending):
            return Says.NOTHING if plain.removesuffix(ending) in ENTITIES else kind
    if plain.endswith(_DEFINED_IDS):
        return Says.CODE
    if plain in _ID or plain.endswith(_ID_ENDINGS):
        return Says.ID
    return Says.NOTHING
