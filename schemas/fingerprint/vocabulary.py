"""Words around codes and quotations, in the languages of marketplaces: what comes next, or what came before."""

from http import HTTPStatus
from typing import Final


def words(text: str) -> frozenset[str]:
    """Return the words of `text`."""
    return frozenset(text.split())


#: Names of codes, and ends of such names: `httpStatus`, `ApiError`, `returnCode`, `错误码`.
CODE_WORDS: Final = (
    "error", "erro", "err", "errno", "http", "http/1.0", "http/1.1", "http/2", "status", "code", "codigo", "código",
    "cod", "cód", "cod.", "cód.", "retorno", "rejeição", "rejeicao", "rejection", "rechazo", "cstat", "sqlstate",
    "sqlcode", "hresult", "fault", "falha", "falla", "exception", "motivo", "reason", "causeid", "cause id",
    "ruleid", "rule id", "reasonid", "reason id", "errorid", "error id",
    "curl", "signal", "rejected", "type", "tipo", "ret", "msg", "errorno", "errornumber",
    "error number", "error no", "error no.", "erro nº", "erro n.º", "sefaz", "sefaz retornou", "异常", "失败",
    "错误码", "状态码", "返回码", "响应码", "错误代码", "错误编号", "错误号", "异常码", "错误", "エラーコード",
    "エラー番号", "エラー", "ステータスコード", "ステータス", "오류 코드", "에러 코드", "상태 코드", "오류",
    "ошибка", "статус", "ошибки", "код",
)  # fmt: skip
#: Words after which a number is a code if it is an HTTP status.
ANSWER_WORDS: Final = (
    "response", "resposta", "respuesta", "returned", "retornou", "failed", "falhou", "falló", "devolveu",
    "devolvió", "respondeu", "respondió", "responded", "answered", "got", "received", "recebido", "recebeu",
    "recibido", "with", "com", "con", "返回", "响应",
)  # fmt: skip
#: Reason phrases, which follow a status.
PHRASES: Final = (
    *(status.phrase.lower() for status in HTTPStatus if status >= 400),
    "client error", "server error", "gateway time-out", "gateway timeout", "service temporarily",
    "authorization required",
    "payload too", "request entity", "request-uri", "uri too", "unprocessable", "error", "não autorizado",
    "não encontrado", "proibido", "requisição inválida", "erro interno", "serviço indisponível", "muitas requisições",
    "no autorizado", "no encontrado", "prohibido", "solicitud incorrecta", "error interno", "servicio no disponible",
    "demasiadas solicitudes",
)  # fmt: skip
#: Things that have a code or a type of their own, which is no error's: `productCode`, `zip code`.
ENTITIES: Final = words(
    """product produto producto productos produtos sku skus item items itens zip postal bar ean gtin ncm cest tracking
    rastreio rastreamento category categoria categoría color colour cor talla size tamanho country currency promo
    coupon cupom cupón discount voucher seller customer client cliente buyer warehouse depósito deposito variant
    variation model modelo reference referência referencia order pedido pedidos offer oferta city state language
    locale region state area unit brand marca store loja shop tienda channel carrier transportadora invoice nota
    service area phone ibge postcode article artículo artigo material house location localização security
    verification verificação verificación auth qr hs uni short long gift image file document"""
)
#: Words before the name of a field, or of another thing that a vendor defines.
LABELS: Final = words(
    """campo campos field fields atributo atributos attribute attributes propriedade propriedades propiedad propiedades
    property properties parameter parameters param params parâmetro parâmetros parámetro parámetros column columns
    coluna colunas columna columnas element elements elemento elementos tag tags index header headers cabeçalho node
    option options opção opções opción opciones variable variável argument argumento enum constraint característica
    características especificação specification spec state estado status type tipo class classe clase method método
    function función função role scope permission permissão permiso code código codigo reading key member nodo
    reason motivo section seção aba sheet planilha rule regra regla flag feature module módulo event evento action ação
    operation operação operación missing required requires require requer exige requiere obrigatório obrigatórios
    obligatorio obligatorios falta faltam faltando faltante preencha informe ingrese complete llene
    unrecognized unsupported relation table tabela tabla endpoint api label etiqueta 缺少 填写 请填写 缺失 属性 字段
    参数 栏位 选项 项 列 項目 フィールド パラメータ 欄 필드 속성 항목 поле поля атрибут параметр характеристика"""
)
#: Words before a value of an entity.
VALUES: Final = words(
    """product products produto produtos producto productos item items itens artigo artículo article title titles
    título titulo títulos value values valor valores category categories categoria categorias categoría sku skus order
    orders pedido pedidos input seller vendedor loja store shop tienda marca name nome nombre size warehouse depósito
    almacén entry text texto word words palavra palabra url id ids file arquivo archivo user usuário usuario customer
    cliente offer oferta listing anúncio anuncio publicación city cidade ciudad carrier transportadora model modelo
    variation variação variant default asin ean gtin barcode image imagem imagen 标题 商品 名称 值 订单 店铺 类目 产品
    物流 仓库 用户 タイトル 商品 商品名 店舗 注文 상품 товар товара артикул"""
)
#: Words before a value, or before the name of the field that has it: `the value for "brand"`, `the value "Nike"`.
OF_FIELDS: Final = words("value values valor valores input entry")
OF: Final = words("for of de do da del para in at em en no na")
ENUMS: Final = words("enum status state type tipo estado")
#: Words before a message.
MESSAGES: Final = words(
    """error erro message mensagem mensaje msg said says detail details detalhe detalle description descrição
    descripción answered respondeu respondió retornou returned response resposta respuesta cause causa
    错误 错误信息 信息 原因 エラー 오류 ошибка"""
)
#: Words between one of these and the quotation.
LINKS: Final = words(
    """for of de do da dos das del el la o a os as the to in at em en no na with com con named called chamado chamada
    llamado is are é são es son passed received given informado 的 not"""
)
