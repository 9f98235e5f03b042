"""Errors that blame what was sent, or what the account may have: no retry makes them go away.

A 500, and a quota, are said by marketplaces that had no time, and as well by those that never look at what was sent
again: such a sentence or code beside them says which it was. Pure tables, as in schemas.busy.
"""

import re
from typing import Final

from schemas.spelling import MAX_CHARACTERS, Spelling, any_of, remembered

#: Statuses that blame what was sent.
_STATUS: Final = "(?:400|401|404|405|406|410|411|412|413|414|415|422|451)"
#: Words of a code that blame what was sent.
PERMANENT_CODES: Final = (
    Spelling(
        r"\b(?:invalid|inv[aá]lid[oa]|malformed|illegal|unsupported|not ?allowed|not ?supported)\b", "all of them"
    ),
    Spelling(r"\b(?:required|missing|mandatory|obrigat[oó]ri[oa]|obligatori[oa]|ausente|faltante)\b", "all of them"),
    Spelling(
        r"\b(?:not ?found|does ?not ?exist|unknown ?(?:sku|item|product|category)|n[aã]o ?encontrad[oa])\b", "all"
    ),
    Spelling(r"\b(?:duplicat\w*|already ?exists?|conflict(?:ing)?|mismatch)\b", "all of them"),
    Spelling(
        r"\b(?:unauthori[sz]ed|unauthenticated|forbidden|access ?denied|permission ?denied|expired ?token)\b", "OAuth"
    ),
    Spelling(r"\b(?:too ?(?:long|short|low|high|large|small)|below|above|minimum|maximum|out ?of ?range)\b", "limits"),
    Spelling(
        r"\b(?:validation|bad ?request|unprocessable|blocked|banned|suspended|closed|inactive|prohibited)\b", "all"
    ),
    Spelling(rf"\b(?:http|status)(?: (?:status|code|error))* {_STATUS}\b", "RFC 9110"),
    Spelling(rf"\A{_STATUS}\Z", "RFC 9110"),
)
#: Words of a tax authority: what is a number beside them is a code of its own, whatever HTTP means by it.
FISCAL: Final = Spelling(
    r"rejei[cç](?:[aã]o|[oõ]es)|cstat|sefaz|(?<![a-z])(?:nfc?|ct|mdf)-?e(?![a-z])",
    "Manual de Orientação do Contribuinte: rejections 201 to 999 of NF-e, CT-e and MDF-e",
)
_KEPT: Final = (
    r"(?:listings?|items?|products?|offers?|ads?|skus?|photos?|pictures?|images?|variations?|an[uú]ncios?"
    r"|publicac(?:i[oó]n|iones)|publica[cç](?:[aã]o|[oõ]es)|produtos?|productos?|ofertas?|fotos?|varia[cç][oõ]es)"
)
#: Sentences about how many things an account may have. Nothing is said of them beside words about calls.
FULL_MESSAGES: Final = (
    Spelling(rf"\b{_KEPT} (?:quota|limit|cota)s?\b", "Mercado Libre, eBay: listing limits"),
    Spelling(
        rf"\b(?:quota|limit|n[uú]mero|number|cota|l[ií]mite)s? (?:m[aá]xim[oa] )?(?:of|for|on|de|para|do|del)"
        rf" (?:\w+ ){{0,2}}{_KEPT}\b",
        "Mercado Libre, eBay: listing limits",
    ),
    Spelling(
        r"\b(?:quota|limit|cota|l[ií]mite) (?:of|for|da|de la|de|do|del) (?:your|sua|tu|su) "
        r"(?:account|plan|conta|plano|cuenta)\b",
        "sellers' plans",
    ),
    Spelling(r"\bupgrade (?:your|to|the)\b|\bfa[cç]a (?:um )?upgrade\b|\bmejor[ae] (?:tu|su) plan\b", "sellers' plans"),
)
_OF_CALLS: Final = re.compile(
    r"\b(?:requests?|calls?|api|queries|requisi\w+|solicita\w+|chamadas?|peticiones|llamadas)\b"
    r"|\b(?:per|por|a) (?:second|minute|hour|segundo|minuto|hora)\b"
)
#: Sentences that blame what was sent. "Invalid response" does not: it is a server's that another one answered.
PERMANENT_MESSAGES: Final = (
    Spelling(
        r"\b(?:is|are) (?:a )?(?:required|mandatory|missing|not (?:valid|allowed|supported|permitted|set))\b"
        r"|\b(?:required|mandatory|missing) (?:field|attribute|param|propert|value|column)"
        r"|\bmust (?:be|have|not|contain|match)\b|\b(?:cannot|can ?not|can't) be (?:null|blank|empty|less|greater)\b",
        "Amazon: 90220; validators",
    ),
    Spelling(
        r"\binvalid (?!(?:response|answer|reply|upstream|state|json|character|gateway|handshake)\b)\w|\bis invalid\b",
        "all",
    ),
    Spelling(r"\balready exists?\b|\bduplicate(?:d)? (?!request)\w|\bdoes ?n[o']t exist\b|\bdoes not exist\b", "all"),
    Spelling(
        r"\b(?:sku|item|product|order|categor(?:y|ia)|listing|offer|produto|pedido|an[uú]ncio|producto)s?\b[^.]{0,40}"
        r"(?:not found|n[aã]o (?:foi )?encontrad|no (?:fue )?encontrad)",
        "all",
    ),
    Spelling(r"\btoo (?:long|short|low|high|large|small)\b|\b(?:below|above) the (?:minimum|maximum)\b", "limits"),
    Spelling(r"\b(?:unauthori[sz]ed|forbidden|access denied|permission denied|n[aã]o autorizad|no autorizad)", "OAuth"),
    Spelling(
        r"obrigat[oó]ri[oa]|obligatori[oa]|\binv[aá]lid[oa]s?\b|\bj[aá] (?:existe|cadastrad)|\bya existe\b"
        r"|\bduplicidade\b|\bn[aã]o (?:existe|cadastrad|informad|preenchid|pode ser)|\bno existe\b"
        r"|\b(?:deve|debe) (?:ser|ter|tener|conter|contener)\b",
        "Brazilian and Spanish marketplaces",
    ),
    Spelling(r"不能为空|无效|必填|不存在|已存在|重复|格式(?:错误|不正确)|不合法", "Taobao; Shopee"),
    Spelling(r"rejei[cç](?:[aã]o|[oõ]es)", "tax authorities"),
)

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-ZÀ-Ý]?[a-zß-ÿ]+|[A-Z]+|\d+[a-z]\d+|\d+", re.UNICODE)
_CODE, _MESSAGE, _FULL = map(any_of, (PERMANENT_CODES, PERMANENT_MESSAGES, FULL_MESSAGES))
_FISCAL: Final = re.compile(FISCAL.pattern)


@remembered
def is_permanent_code(code: str | None) -> bool:
    """Return True for an error code that blames what was sent."""
    return _CODE.search(words_of(code)) is not None


def is_permanent_message(text: str | None) -> bool:
    """Return True for a sentence that does so in its beginning, or says that the account is full."""
    return _MESSAGE.search(_beginning(text)) is not None or is_full(text)


def is_full(text: str | None) -> bool:
    """Return True for a sentence that says that the account may have no more of its things."""
    beginning = _beginning(text)
    return _FULL.search(beginning) is not None and _OF_CALLS.search(beginning) is None


def is_fiscal(text: str | None) -> bool:
    """Return True for a text of a tax authority, or about one."""
    return _FISCAL.search(_beginning(text)) is not None


def words_of(code: str | None) -> str:
    """Return the words of a code in lower case, divided by spaces."""
    return " ".join(each.lower() for each in _WORD.findall(code or ""))


def _beginning(text: str | None) -> str:
    return (text or "")[:MAX_CHARACTERS].lower()
