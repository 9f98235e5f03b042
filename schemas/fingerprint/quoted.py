"""Quoted text: the name of a field tells faults apart, a title or an id does not, and a quoted message is a message."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from schemas.fingerprint.field import Says, says

_LONGEST: Final = 300


class Quoted(Enum):
    """What is between quotation marks."""

    NAME = "name"  # of a field, a status, a member of an enum: kept
    TEXT = "text"  # a message: read like any other
    VALUE = "value"  # of an entity: a title, an id, an amount


class Quotation(NamedTuple):
    """A place of a text between quotation marks, these included."""

    start: int
    end: int
    content: str
    kind: Quoted


#: Quoted text. An apostrophe within a word does not begin any.
_QUOTED: Final = re.compile(
    rf""" "[^"\n]{{0,{_LONGEST}}}" | '(?<!\w')[^'\n]{{0,{_LONGEST}}}'(?!\w) | `[^`\n]{{0,{_LONGEST}}}`
    | “[^”\n]{{0,{_LONGEST}}}[”“] | ‘[^’\n]{{0,{_LONGEST}}}’ | «[^»\n]{{0,{_LONGEST}}}»
    | „[^“”\n]{{0,{_LONGEST}}}[“”] | 「[^」\n]{{0,{_LONGEST}}}」 | 『[^』\n]{{0,{_LONGEST}}}』
    | 【[^】\n]{{0,{_LONGEST}}}】 """,
    re.VERBOSE,
)

_LABELS: Final = frozenset(
    """campo campos field fields atributo atributos attribute attributes propriedade propriedades propiedad propiedades
    property properties parameter parameters param params parâmetro parâmetros parámetro parámetros column columns
    coluna colunas columna columnas element elements elemento elementos tag tags index header headers cabeçalho node
    option options opção opções opción opciones variable variável argument argumento enum constraint característica
    características especificação specification spec state estado status type tipo class classe clase method método
    function función função role scope permission permissão permiso code código codigo reading key member nodo
    reason motivo section seção aba sheet planilha rule regra regla flag feature module módulo event evento action ação
    operation operação operación missing required requires require requer exige requiere obrigatório obrigatórios
    obligatorio obligatorios falta faltam faltando faltante preencha informe ingrese complete llene unrecognized unsupported
    缺少 填写 请填写 缺失 relation table tabela tabla endpoint api label etiqueta 属性 字段 参数 栏位 选项 项
    列 項目 フィールド パラメータ 欄 필드 속성 항목 поле поля атрибут параметр характеристика""".split()
)
_VALUES: Final = frozenset(
    """product products produto produtos producto productos item items itens artigo artículo article title titles
    título titulo títulos value values valor valores category categories categoria categorias categoría sku skus order
    orders pedido pedidos input seller vendedor loja store shop tienda marca name nome nombre size warehouse depósito
    almacén entry text texto word words palavra palabra url id ids file arquivo archivo user usuário usuario customer
    cliente offer oferta listing anúncio anuncio publicación city cidade ciudad carrier transportadora model modelo
    variation variação variant default asin ean gtin barcode image imagem imagen 标题 商品 名称 值 订单 店铺 类目 产品
    物流 仓库 用户 タイトル 商品 商品名 店舗 注文 상품 товар товара артикул""".split()
)
#: What a field has: `the value for "brand"` names the field, `the value "Nike"` does not.
_OF_FIELDS: Final = frozenset({"value", "values", "valor", "valores", "input", "entry"})
_OF: Final = frozenset({"for", "of", "de", "do", "da", "del", "para", "in", "at", "em", "en", "no", "na"})
_ENUMS: Final = frozenset({"enum", "status", "state", "type", "tipo", "estado"})
_MESSAGES: Final = frozenset(
    """error erro message mensagem mensaje msg said says detail details detalhe detalle description descrição
    descripción mensagem: answered respondeu respondió retornou returned response resposta respuesta cause causa
    错误 错误信息 信息 原因 エラー 오류 ошибка""".split()
)
#: Words between the one that says what is quoted and the quotation.
_LINKS: Final = frozenset(
    """for of de do da dos das del el la o a os as the to in at em en no na with com con named called chamado chamada
    llamado is are é são es son passed received given informado 的 not""".split()
)
#: What is said of a field after it.
_SAID_OF_NAMES: Final = re.compile(
    r"""\s*(?:\(s\)\s*)?(?:[:,-]\s*)?(?:
    (?:is|are|was|were)\s+(?:a\s+)?(?:required|missing|mandatory|not\s+supplied|not\s+provided|not\s+set|empty|blank|null
        |undefined|deprecated|read-?only|not\s+allowed\s+here)
    |must\s+(?:be\s+(?:provided|filled|present|set|specified|one\s+of)|not\s+be\s+(?:null|blank|empty)|have\b|contain\b)
    |(?:can(?:no|'|’)?t|can\snot|may\s+not|should\s+not)\s+be\s+(?:null|blank|empty|missing|omitted)
    |(?:field|attribute|property|parameter|column|header)\b
    |(?:é|são|sao|e)\s+(?:um\s+campo\s+)?obrigat|obrigat|(?:deve|devem|precisa)\s+ser\s+(?:informad|preenchid)
    |(?:não|nao)\s+(?:foi\s+|foram\s+)?(?:informad|preenchid)|ausente|não\s+pode\s+(?:ser|estar|ficar)\s+(?:nul|vazi|em\s)
    |(?:es|son)\s+(?:obligatori|requerid)|no\s+puede\s+(?:ser|estar)\s+(?:nul|vac)|(?:no\s+fue\s+)?(?:informad|faltante)
    |必填|为必填|是必填|不能为空|不可为空|缺失|未填|必须|は必須|が必要|が未|필수|обязател|не\s+заполнен
    )""",
    re.VERBOSE | re.IGNORECASE,
)
#: Exceptions quote their messages: `SSLError(1, '…')`.
_CALL: Final = re.compile(r"(?:(?:Error|Exception|Failure|Fault|Timeout|Warning)\((?:-?\d{1,6},\s*)?|\(-?\d{1,6},\s*)$")
_BETWEEN: Final = re.compile(r"\s*(?:(?:[,;/|]|\b(?:e|y|o|ou|and|or)\b|、|，|和|或)\s*){1,2}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$@][\w$@]*(?:(?:[.:/-]|::|\[\d*\]\.?)[A-Za-z_$@#\d][\w$@]*){0,12}(?:\[\d*\])?")
_TOLD_BY_SHAPE: Final = re.compile(
    r"""[^a-z]*[A-Z][^a-z]*[A-Z][^a-z]*  # GTIN, ITEM_CONDITION
    | [a-z][a-z]+                        # brand
    | \w*[a-z][A-Z]\w*                   # shipmentId, LabelOwner
    | .*[A-Za-z][_.:][A-Za-z].*          # item_type_keyword, package.weight
    | .*\[.*""",
    re.VERBOSE,
)
_FILE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|xml|csv|xlsx?|pdf|zip|txt|json|php|py|js|html?)$", re.IGNORECASE)
#: Names of a series: `bullet_point_3`, `address2`, `imageUrl1`, `items[0].price`.
_NUMBERED: Final = re.compile(
    r"[A-Za-z]+(?:_[A-Za-z]+)*_\d{1,2}|(?:[a-z]{3,}|[a-z]+[A-Z][A-Za-z]*)\d{1,2}|[^\d\[]*(?:(?:\[\d{0,3}\]|[./]\d{1,3}(?=[./]))[^\d\[]*)+"
)
_CODE: Final = re.compile(r"-?\d{1,8}")
_ANY_DIGIT: Final = re.compile(r"\d")
_LONG_NUMBER: Final = re.compile(r"\d{3}")
_SPACELESS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,10}")
_EDGES: Final = " \t:=>([{}]),.;-\"'"
_BEFORE: Final = 48
_LONGEST_NAME: Final = 60
_MESSAGE_WORDS: Final = 4


def quotations(text: str) -> Iterator[Quotation]:
    """Yield each quotation of `text`, in order, with what it is by the words around it and by its own form."""
    last: Quotation | None = None
    for found in _QUOTED.finditer(text):
        start, end = found.span()
        content = text[start + 1 : end - 1]
        if last is not None and last.kind is not Quoted.TEXT and _BETWEEN.fullmatch(text, last.end, start):
            kind = last.kind if last.kind is Quoted.VALUE else _by_form(content, text[start])
        else:
            kind = _kind(text, start, end, content)
        last = Quotation(start, end, content, kind)
        yield last


def _kind(text: str, start: int, end: int, content: str) -> Quoted:
    before = text[max(start - _BEFORE, 0) : start]
    if before[-1:] in "( " and _CALL.search(before):
        return Quoted.TEXT
    words = before.lower().split()
    word = _told(words)
    if word in _MESSAGES and before.rstrip()[-1:] in (":", "=", "(", ">", *word[-1:]):
        return Quoted.TEXT if len(content) > 1 else Quoted.VALUE
    if _CODE.fullmatch(content) and says(word) is Says.CODE:
        return Quoted.TEXT
    if word in _LABELS or word.endswith(_SPACELESS_LABELS):
        return Quoted.NAME if _may_be_name(content) else Quoted.VALUE
    if word in _OF_FIELDS and words[-1] in _OF:
        return Quoted.NAME if _may_be_name(content) else Quoted.VALUE
    if word in _OF_FIELDS and len(words) > 1 and words[-2] in _ENUMS:
        return _by_form(content, text[start])
    if word in _VALUES or word.endswith(_SPACELESS_VALUES):
        return Quoted.VALUE
    if _SAID_OF_NAMES.match(text, end) and _may_be_name(content) and len(content.split()) <= 3:
        return Quoted.NAME
    if word.endswith(("error", "exception")) and content.count(" ") >= _MESSAGE_WORDS - 1:
        return Quoted.TEXT
    return _by_form(content, text[start])


_SPACELESS_LABELS: Final = tuple(word for word in _LABELS if not word.isascii() and _SPACELESS.fullmatch(word))
_SPACELESS_VALUES: Final = tuple(word for word in _VALUES if not word.isascii() and _SPACELESS.fullmatch(word))


def _told(words: list[str]) -> str:
    """Return the word that says what comes next: the last one that links to nothing."""
    for word in reversed(words[-3:]):
        bare = word.strip(_EDGES)
        if bare and bare not in _LINKS:
            return bare
    return ""


def _may_be_name(content: str) -> bool:
    """Return True for what could be the name of a field: short, without a long number, not a file."""
    return (
        0 < len(content) <= _LONGEST_NAME
        and _LONG_NUMBER.search(content) is None
        and _FILE.search(content) is None
        and any(map(str.isalpha, content))
    )


def _by_form(content: str, mark: str) -> Quoted:
    """Return what `content` is by its form alone: an identifier is a name."""
    if mark == "【" and _SPACELESS.fullmatch(content):
        return Quoted.NAME
    is_name = (
        _may_be_name(content)
        and _IDENTIFIER.fullmatch(content) is not None
        and _TOLD_BY_SHAPE.fullmatch(content) is not None
        and (_ANY_DIGIT.search(content) is None or _NUMBERED.fullmatch(content) is not None)
    )
    return Quoted.NAME if is_name else Quoted.VALUE
