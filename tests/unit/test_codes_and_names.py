"""Codes and names tell faults apart in whatever way they are written; ids, dates, amounts and titles never do."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fingerprint import fingerprint, normalize
from schemas.fingerprint.explanation import explain
from tests.support.fault_corpus import corpus

STATUSES = [
    "400",
    "401",
    "403",
    "404",
    "409",
    "410",
    "413",
    "422",
    "423",
    "429",
    "500",
    "502",
    "503",
    "504",
    "520",
    "524",
]
#: A status as vendors, libraries and programs write it.
STATUS_SPELLINGS = [
    "{}", "HTTP {}", "HTTP/1.1 {}", "Retorno: {}", "Erro {}", "Erro {}: falhou", "Error {}", "error code: {}",
    "({})", "[{}]", "httpStatus: {}", "statusCode={}", "StatusCode: {}, ReasonPhrase: 'x y'", "status code {}",
    "status: {}", "http_code {}", "Response {}", "Resposta {}", "Código de status: {}", "código {}",
    "código de error: {}", "The server returned {}", "O servidor retornou {}", "El servidor respondió {}",
    "Request failed with status code {}", "remote error: ({}) x", "状态码：{}", "错误码: {}", "エラーコード：{}",
    "ステータス {}", "ошибка {}", '{{"status": {}}}', '{{"status": "{}"}}',
    '{{"error": {{"code": {}, "message": "x"}}}}', '{{"httpCode":{},"x":1}}', "<codigo>{}</codigo>",
    "<a:Code>{}</a:Code>", '<e code="{}">x</e>', "<h1>{}: failed</h1>", "{} Client Error: x", "failed: {}",
    "{{'code': {}}}", "Msg {}, Level",
]  # fmt: skip
#: Codes of vendors, and how they write them.
CODES = ["101", "1020", "1062", "8541", "13013", "90220", "500001", "4000001", "12052048"]
CODE_SPELLINGS = [
    "{}", "Error {}", "Erro {} no envio", "error code: {}", "ErrorCode={}", "errorCode: {}", "error_code {}",
    "cURL error {}", "ERROR {} (x)", "Rejeição {}: x", "Rejeicao: {} - x", "cStat {}", "SQLSTATE[{}]", "(#{}) x",
    "错误代码：{}", "返回码 {}", '{{"code":{},"msg":"x"}}', '{{"errorId":{}}}', '{{"sub_code":"{}"}}',
    "<codigoError>{}</codigoError>", "[code] => {}", '<ResultMessageCode>{}</ResultMessageCode>', "ERR_{}",
    "exit code {}", "code 'E{}'", "<code>E{}</code>", 'error code "{}"', "[Errno {}] x", "motivo: {}",
    '{{"message":"x","cause_id":{}}}', '{{"error_id":"{}"}}', '{{"ruleId":{},"message":"x"}}',
    '{{"reason_id":{}}}', "error_id: {}", "({}, 'x y')",
]  # fmt: skip
#: Codes that are some wherever they stand.
DATABASE_CODES = ["00001", "01403", "12541", "20001"]
DATABASE_SPELLINGS = [
    "x y ORA-{} z",
    "ORA-{}: x",
    "x AADSTS{}",
    "x E1{} y",
    "ERR_OFF_{} x",
    "PLS-{}",
    "x PSERR_{}",
    "x TNS-{}: y",
]
NAMES = [
    "brand",
    "item_type_keyword",
    "GTIN",
    "MAIN_IMAGE",
    "shipFrom.countryCode",
    "fulfillmentLagTime",
    "package.weight",
]
NAME_SPELLINGS = [
    "'{}' is required but not supplied", 'Attribute "{}" is missing', "The attributes [{}] are required",
    "field `{}` is wrong", "Invalid value 'x y' for parameter '{}'", "Value '1' at '{}' failed",
    'O campo "{}" é obrigatório', "El campo «{}» falta", "Falta el atributo '{}'", "属性“{}”不能为空", "字段「{}」必填",
    *(f'{{{{"message":"x","{name}":"{{}}"}}}}' for name in (
        "attribute_id", "attributeId", "propertyId", "field_id", "rule_id", "reasonId", "error_id", "causeId",
        "invalid_attribute_id", "validationRuleId", "atributo_id",
    )),
    '{{"message":"x","attribute_ids":["{}"]}}', "attribute_id={}",
    '{{"field":"{}"}}', '{{"errors":{{"{}":["is not valid"]}}}}', '{{"path":"{}","message":"x"}}',
    '{{"attributeNames":["{}"]}}', "Unknown column '{}' in 'x y'", "(reading '{}')", 'Missing value for "{}"',
    "must have required property '{}'", "KeyError: '{}'", "error: '{}' is not allowed",
]  # fmt: skip
#: Names as people read them: only where the words around say that it is the name of a field.
LABELS = ["Cor", "Tamanho", "Marca", "Battery Type", "Código de Barras", "品牌", "颜色"]
LABEL_SPELLINGS = [
    'O campo "{}" é obrigatório', "Attribute '{}' is required", "Falta el atributo «{}»", "属性“{}”不能为空",
    "the field `{}`", "O valor 'x y' do atributo '{}' não é aceito", "Preencha \"{}\"", "'{}' is required",
    "parâmetro '{}' inválido",
]  # fmt: skip
VALUE_SPELLINGS = [
    'O produto "{}" não tem EAN',
    "The item '{}' is closed",
    "El título «{}» es largo",
    "商品标题“{}”过长",
    "SKU `{}` failed",
    "Invalid value '{}' for the size",
    "A categoria '{}' está inativa",
    "店铺“{}”不存在",
    'seller "{}" is blocked',
]
#: Places for what varies, in a sentence that is given.
ENTITY_SPELLINGS = ["{} SKU {}", "pedido {1} {0}", "{} (order {})", "{}, item {}", "{} em {}", "{} - valor R$ {}"]


VALUES = st.one_of(
    st.integers(1000, 10**12).map(str),
    st.uuids().map(str),
    st.dates().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.decimals(1, 10**5, places=2).map(str),
    st.from_regex(r"\A[A-Z]{2,4}-[0-9]{4,9}\Z", fullmatch=True),
    st.text("abcdef", min_size=8, max_size=16),
)
TITLES = st.lists(
    st.sampled_from(["Tênis", "azul", "Kit", "3", "peças", "42", "Wi-Fi", "T-shirt", "杯子"]), min_size=1
).map(" ".join)


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        *((spelling, STATUSES) for spelling in STATUS_SPELLINGS),
        *((spelling, CODES) for spelling in CODE_SPELLINGS),
        *((spelling, DATABASE_CODES) for spelling in DATABASE_SPELLINGS),
        *((spelling, NAMES) for spelling in NAME_SPELLINGS),
        *((spelling, LABELS) for spelling in LABEL_SPELLINGS),
    ],
)
def test_another_code_or_name_is_another_fault(spelling: str, told: list[str]) -> None:
    merged = Counter(normalize(spelling.format(each)) for each in told)
    assert len(merged) == len(told), merged


@given(st.sampled_from(VALUE_SPELLINGS), TITLES, TITLES)
def test_another_title_is_the_same_fault(spelling: str, one: str, other: str) -> None:
    assert normalize(spelling.format(one)) == normalize(spelling.format(other))


SAID = [
    *(spelling.format("503") for spelling in STATUS_SPELLINGS[1:] if not spelling.startswith(("{{", "<"))),
    *(spelling.format("GTIN") for spelling in NAME_SPELLINGS if not spelling.startswith("{{")),
]


@settings(max_examples=300)
@given(st.sampled_from(ENTITY_SPELLINGS), st.sampled_from(SAID), VALUES, VALUES)
def test_another_id_date_or_amount_is_the_same_fault(spelling: str, said: str, one: str, other: str) -> None:
    assert normalize(spelling.format(said, one)) == normalize(spelling.format(said, other))


@pytest.mark.parametrize("spelling", STATUS_SPELLINGS[1:])
@pytest.mark.parametrize("key", STATUSES)
def test_a_key_that_is_a_number_erases_no_status(spelling: str, key: str) -> None:
    """A text without its key is the same as that of another entity, and that of another status is not."""
    said = f"{spelling} - o SKU {{}} não tem preço".replace("{{", "{{{{").replace("}}", "}}}}").replace("{}", "%s")
    same, too, other = (
        fingerprint("price", "MLB", None, said % (status, entity), entity)
        for status, entity in (("503", key), ("503", "AB-1"), ("504", key))
    )
    assert same == too != other


@pytest.mark.parametrize("code", ["101", "1020", "8541", "13013", "90220"])
@pytest.mark.parametrize(
    "spelling",
    [
        "Error {}", "Erro {}: x", "error code: {}", "error code {} - x", "ErrorCode={}", "cURL error {}",
        "Rejeição {}: x", "cStat {}", "SQLSTATE[{}]", "错误代码：{}", '{{"code":{},"msg":"x"}}', '{{"errorId":{}}}',
        '{{"sub_code":"{}"}}', "<codigoErro>{}</codigoErro>", "<Code>{}</Code>",
        "exit code {}.", 'error code "{}"', '{{"error_code":{}}}',
    ],
)  # fmt: skip
def test_a_key_that_is_a_number_erases_no_code(spelling: str, code: str) -> None:
    said = spelling.format(code)
    same, other = (fingerprint("price", "MLB", None, said, key) for key in (code, "AB-1"))
    assert same == other != fingerprint("price", "MLB", None, spelling.format("777"), code)


@pytest.mark.parametrize(
    "spelling",
    ["Error: {} not found", "SKU {}", "{}: sem estoque", "Erro no produto {}", "código {}", "({})",
     '{{"product_code":{}}}'],
)  # fmt: skip
def test_a_key_that_no_word_names_a_code_is_the_entity_s(spelling: str) -> None:
    one, other = (fingerprint("price", "MLB", None, spelling.format(key), key) for key in ("8541", "90220"))
    assert one == other


@pytest.mark.parametrize(
    "name",
    ["item_id", "order_id", "orderId", "seller_id", "request_id", "listingId", "category_id", "shipmentIds", "id"],
)
@given(VALUES, VALUES)
def test_an_id_of_an_entity_in_json_is_the_same_fault(name: str, one: str, other: str) -> None:
    said = f'{{"message":"x y","{name}":"%s"}}'
    assert normalize(said % one) == normalize(said % other) == normalize('{"message":"x y"}')


@given(st.sampled_from(["attribute_id", "ruleId", "error_id", "causeId"]), st.uuids(), st.uuids())
def test_an_id_without_a_name_tells_no_faults_apart(name: str, one: object, other: object) -> None:
    said = f'{{"message":"x y","{name}":"%s"}}'
    assert normalize(said % one) == normalize(said % other)


TEXTS = [text for fault in corpus() for text in fault.texts]


@given(st.sampled_from(TEXTS) | st.text(max_size=200), st.none() | st.sampled_from(["500", "SKU-1", "brand"]))
def test_an_explanation_is_of_the_fingerprint_that_is_stored(text: str, key: str | None) -> None:
    explained = explain("price", "MLB", "c", text, key)
    assert explained.fingerprint == fingerprint("price", "MLB", "c", text, key)


def test_an_explanation_says_what_was_kept_and_what_was_replaced() -> None:
    explained = explain("products", "MLB", None, "Erro 401: campo 'brand' do produto 'Tênis azul' 7, SKU A-1", "A-1")
    assert explained.words == "erro 401 campo brand do produto <quoted> # sku #"
    assert explained.kept == (("name", "brand"), ("code", "401"))
    assert explained.replaced == (("key", "A-1"), ("quoted value", "Tênis azul"), ("number", "7"), ("number", "0"))
