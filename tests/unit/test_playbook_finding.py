"""The playbook finds what an error is: own entries, the file, shipped facts of the marketplace, then the class."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from schemas.fault_class import FaultClass
from schemas.playbook import Playbook, SeenError, WrittenEntries, WrittenEntry
from schemas.playbook.class_entries import BY_CLASS
from schemas.playbook.classification import class_of
from schemas.playbook.codes import formed_codes, is_distinctive, is_umbrella, spellings, told_codes
from schemas.playbook.marketplaces import USUAL, Marketplaces, plain_name, spoken_by
from schemas.playbook.shipped import Shipped
from schemas.raw_json import RawJson
from schemas.shown.playbook import ListedEntry, PlaybookFilter, coverage
from tests.unit.test_knowledge import fact

TEXTS = {"pt": "a", "en": "b", "es": "c"}
FACTS = Shipped(
    [
        fact("8541", "Amazon"),
        fact("8541", "eBay"),
        fact("INVALID_ASIN", "Amazon", integration_type="price"),
        fact("InvalidInput", "Amazon"),
        fact("13013", "Amazon", integration_type="products"),
        fact("E012", "Amazon", integration_type="price"),
        fact("Marketplace ID is not defined", "Amazon", "message"),
        fact("item.price.below_minimum", "Mercado Livre", integration_type="price"),
        fact("NOT_FOUND", "Mercado Livre"),
        fact("operator.code_of_mirakl", "Mirakl"),
        fact("CHK002", "VTEX"),
        fact("15", "VTEX"),
        fact("preço do pedido é diferente", "VTEX", "message", integration_type="orders"),
        fact("preço", "VTEX", "message"),
        fact("429", "any"),
        fact("400", "any"),
        fact("token has expired", "any", "message"),
        fact("상품 정보", "Coupang", "message"),
    ]
)
BOOK = Playbook(shipped=FACTS)


def found(affiliate: str, code: str | None = None, message: str | None = None, kind: str = "price") -> str | None:
    """Return the text of the shipped fact that is found; None for none."""
    entry = BOOK.about(SeenError(kind, affiliate, code, message=message))
    return None if entry is None or entry.origin != "shipped" else entry.code or entry.message


@pytest.mark.parametrize(
    ("error", "text"),
    [
        # A number means something only beside its marketplace.
        (("AMZ", "8541"), "8541"),
        (("MLB", "8541"), None),
        (("MINE", "8541"), None),
        (("MINE", "15"), None),
        (("AMZ", "13013", None, "inventory"), "13013"),
        (("AMZ", "E012", None, "inventory"), None),
        (("AMZ", "E012"), "E012"),
        # A code that says whose it is, whatever the affiliate, the case, and the type in which it was seen.
        (("MLB", "INVALID_ASIN"), "INVALID_ASIN"),
        (("MINE", "invalid_asin", None, "inventory"), "INVALID_ASIN"),
        (("MLB", "chk002"), "CHK002"),
        (("MINE", "item.price.below_minimum", None, "products"), "item.price.below_minimum"),
        # One that anybody may use, not.
        (("AMZ", "NOT_FOUND"), None),
        (("MLB", "NOT_FOUND"), "NOT_FOUND"),
        # Those of the software that a marketplace is run on.
        (("CRF", "operator.code_of_mirakl"), "operator.code_of_mirakl"),
        # Names that a connector puts before it; a status in any spelling.
        (("MLB", "meli.item.price.below_minimum"), "item.price.below_minimum"),
        (("MINE", "http.429"), "429"),
        (("MINE", "HTTP_429"), "429"),
        (("MINE", " 429 "), "429"),
        # In a message: as a member, in a dump, told in words, with the form of a code.
        (("AMZ", None, '{"errors": [{"code": "8541", "message": "x"}]}'), "8541"),
        (("AMZ", None, "[issues] => Array ( [code] => 8541 [x] => y )"), "8541"),
        (("AMZ", None, "{'code' => '8541'}"), "8541"),
        (("AMZ", None, "<Error><Code>8541</Code></Error>"), "8541"),
        (("AMZ", None, "error code: 8541"), "8541"),
        (("MINE", None, "Failed with INVALID_ASIN."), "INVALID_ASIN"),
        (("AMZ", None, "The SKU 8541 is blue"), None),
        # Fragments, in any case and with any spaces: of the marketplace, of VTEX, of anybody.
        (("AMZ", "InvalidInput", "marketplace  ID\nis not defined"), "Marketplace ID is not defined"),
        (("AMZ", "InvalidInput", "something else"), "InvalidInput"),
        (("DFT", None, "O Preço do pedido é diferente do da loja", "orders"), "preço do pedido é diferente"),
        (("DFT", None, "O Preço do pedido é diferente do da loja", "price"), "preço"),
        (("MINE", "400", "your token has expired"), "token has expired"),
        (
            ("Coupang", None, "\u110b\u1161 \u1109\u1161\u11bc\u1111\u116e\u11b7 \u110c\u1165\u11bc\u1107\u1169"),
            "상품 정보",
        ),
        # Of what is said of many errors, the marketplace's own; a status is the last.
        (("MINE", "400", "nobody knows"), "400"),
        (("MINE", None, ""), None),
        (("MINE", "", None), None),
    ],
)
def test_what_is_found_of_shipped_facts(error: tuple[str, ...], text: str | None) -> None:
    assert found(*error) == text


def test_the_answer_says_what_code_and_message_do_not() -> None:
    error = SeenError("price", "AMZ", "400", message="Bad Request")
    answered = error.with_answer(RawJson('{"status": 400, "errors": [{"code": "8541"}]}'))
    assert answered.status == 400
    assert [(entry and entry.code) for entry in (BOOK.about(error), BOOK.about(answered))] == ["400", "8541"]
    by_status = SeenError("price", "MINE", message="no").with_answer(RawJson('"HTTP/1.1 429 Too Many Requests"'))
    assert (entry := BOOK.about(by_status)) is not None
    assert (by_status.status, entry.code) == (429, "429")
    assert error.with_answer(None) == error
    assert error.with_answer(RawJson("null")) == error


def test_own_entries_win_over_the_file_and_the_file_over_what_is_shipped() -> None:
    own, file = (
        WrittenEntries([WrittenEntry(code="8541", who=who, cause=TEXTS, what_to_do=TEXTS)])
        for who in ("marketplace", "connector")
    )
    error = SeenError("price", "AMZ", "8541")
    told = [
        (entry.origin, entry.who)
        for book in (BOOK._replace(file=file).with_own(own), BOOK._replace(file=file), BOOK)
        if (entry := book.about(error)) is not None
    ]
    assert told == [("own", "marketplace"), ("file", "connector"), ("shipped", "seller")]


def test_a_part_of_the_message_is_a_subject_and_the_longest_says_most() -> None:
    entries = WrittenEntries(
        WrittenEntry(message=text, who="seller", cause=TEXTS, what_to_do=TEXTS, **more)
        for text, more in (
            ("brand", {}),
            ("Brand is WANTED", {"integration_type": "products"}),
            ("brand is wanted", {"affiliate": "MLB"}),
        )
    )
    told = [
        (entry := entries.about(SeenError(kind, affiliate, message="The brand is wanted")))
        and (entry.integration_type, entry.affiliate)
        for kind, affiliate in (("products", "AMZ"), ("price", "MLB"), ("price", "AMZ"))
    ]
    assert told == [("products", None), (None, "MLB"), (None, None)]
    assert entries.about(SeenError("price", "MLB", message="The colour")) is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"category": "RATE_LIMIT"}, FaultClass.LIMIT),
        ({"category": "Authentication", "code": "x.not_found"}, FaultClass.CREDENTIALS),
        ({"category": "PRICING", "code": "price.below_minimum"}, FaultClass.VALIDATION),
        ({"status": 403, "message": "invalid"}, FaultClass.PERMISSION),
        ({"status": 503}, FaultClass.TRANSIENT),
        ({"code": "503"}, FaultClass.TRANSIENT),
        ({"code": "http.404"}, FaultClass.NOT_FOUND),
        ({"code": "429"}, FaultClass.LIMIT),
        ({"code": "QuotaExceeded"}, FaultClass.LIMIT),
        ({"code": "read_timeout"}, FaultClass.TRANSIENT),
        ({"code": "connector.exception"}, FaultClass.CONNECTOR),
        ({"code": "SellerIdAlreadyExists"}, FaultClass.CONFLICT),
        ({"code": "access_token_invalid"}, FaultClass.CREDENTIALS),
        ({"code": "listing.under_review"}, FaultClass.MARKETPLACE),
        ({"message": "O token de acesso expirou"}, FaultClass.CREDENTIALS),
        ({"message": "No tiene permiso"}, FaultClass.PERMISSION),
        ({"message": "Produto não encontrado"}, FaultClass.NOT_FOUND),
        ({"message": "El pedido ya existe"}, FaultClass.CONFLICT),
        ({"message": "O campo Cor é obrigatório"}, FaultClass.VALIDATION),
        ({"message": "Object reference not set to an instance"}, FaultClass.CONNECTOR),
        ({"message": "Gateway time-out"}, FaultClass.TRANSIENT),
        ({"message": "Muitas requisições, tente mais tarde"}, FaultClass.TRANSIENT),
        ({"message": "Rate limit exceeded"}, FaultClass.LIMIT),
        ({"message": "Something went wrong"}, FaultClass.MARKETPLACE),
        ({"status": 422, "message": "blue"}, FaultClass.VALIDATION),
        ({"status": 501, "message": "blue"}, FaultClass.MARKETPLACE),
        ({"code": "12345", "message": "blue"}, None),
        ({"category": "BRAND", "code": "x", "message": "blue", "status": 200}, None),
        ({}, None),
    ],
)
def test_an_error_that_nobody_knows_has_a_class(said: dict[str, object], kind: FaultClass | None) -> None:
    assert class_of(**said) is kind  # type: ignore[arg-type]
    error = SeenError("price", "MINE", **said)  # type: ignore[arg-type]
    entry = Playbook().about(error)
    assert entry == (None if kind is None else BY_CLASS[kind])


def test_every_class_says_what_to_do() -> None:
    assert set(BY_CLASS) == set(FaultClass)
    for kind, entry in BY_CLASS.items():
        assert (entry.origin, entry.fault_class, entry.code, entry.message) == ("class", kind, None, None)


@pytest.mark.parametrize(
    ("affiliate", "name"),
    [
        ("MLB", "Mercado Livre"),
        ("mlb", "Mercado Livre"),
        ("MLB2", "Mercado Livre"),
        ("MLB-outlet", "Mercado Livre"),
        ("B2W", "Americanas"),
        ("MGZ", "Magalu"),
        ("VVJ", "Casas Bahia"),
        ("Mercado Libre", "Mercado Livre"),
        ("amazon", "Amazon"),
        ("MLBX", None),
        ("XYZ", None),
        ("", None),
    ],
)
def test_usual_affiliates_are_known_by_name(affiliate: str, name: str | None) -> None:
    assert Marketplaces().name_of(affiliate) == name


def test_an_installation_names_its_own_affiliates() -> None:
    named = Marketplaces.model_validate('{"XYZ": "Ozon", "MLB": "Outlet"}')
    assert [named.name_of(each) for each in ("XYZ", "MLB", "AMZ")] == ["Ozon", "Outlet", "Amazon"]
    for bad in ("{", "[]", '{"XYZ": ""}', '{"": "Ozon"}'):
        with pytest.raises(ValidationError):
            Marketplaces.model_validate(bad)


def test_names_of_one_marketplace_are_one() -> None:
    assert plain_name("Magazine Luiza") == plain_name("MAGALU") != plain_name("Amazon")
    assert plain_name("Amazon.com.br") == plain_name("Amazon")
    assert plain_name("El Corte Inglés") == plain_name("el corte ingles")
    assert spoken_by("Carrefour Brasil") == {plain_name("Carrefour"), plain_name("Mirakl")}
    assert spoken_by("Amazon") == {plain_name("Amazon")}
    assert all(len(affiliate) >= 3 for affiliate in USUAL)


@pytest.mark.parametrize(
    ("code", "distinctive"),
    [
        *((each, True) for each in ("CHK002", "ORD027", "SC_00001", "ORA-01403", "INVALID_ASIN", "isv.invalid-app-id")),
        *((each, True) for each in ("item.price.invalid", "SubjectFBSRestriction", "withoutPriceFulfillment")),
        *((each, False) for each in ("", "8541", "-107", "E512", "ERROR", "NotFound", "InvalidInput", "HTTP_429")),
        *((each, False) for each in ("PRODUCT_NOT_FOUND", "error_param", "Blocked", "http.404")),
    ],
)
def test_a_code_is_distinctive_or_not(code: str, *, distinctive: bool) -> None:
    assert is_distinctive(code) is distinctive


def test_codes_of_many_errors() -> None:
    assert [is_umbrella(each) for each in ("400", "InvalidInput", "8541", "CHK002", "E512")] == [
        *(True, True),
        *(False, False, False),
    ]
    assert list(spellings("shopee.Product.error_not_yours")) == [
        "shopee.product.error_not_yours",
        "product.error_not_yours",
        "error_not_yours",
    ]


@pytest.mark.parametrize(
    "piece", ["a", "_", "a.", "<", "a=", "['", " ", "A1", 'a"\\', "error ", "Aa", "http ", '{"a":']
)
def test_a_long_text_gives_few_codes(piece: str) -> None:
    text = piece * 10_000
    assert len(told_codes(text)) + len(formed_codes(text)) <= 400


def test_coverage_counts_errors_by_where_their_entry_is_from() -> None:
    since = datetime(2026, 11, 22, tzinfo=UTC)
    own = WrittenEntries([WrittenEntry(code="a", who="seller", cause=TEXTS, what_to_do=TEXTS)])
    file = WrittenEntries([WrittenEntry(code="b", who="seller", cause=TEXTS, what_to_do=TEXTS)])
    codes = {"a": 10, "b": 20, "CHK002": 30, "read_timeout": 5, "zzz": 7}
    faults = [(SeenError("price", "MINE", code), number) for code, number in codes.items()]
    told = coverage(BOOK._replace(file=file).with_own(own), since, faults, 80)
    assert (told.own, told.file, told.shipped, told.by_class, told.unknown, told.results) == (10, 20, 30, 5, 15, 80)
    assert told.explained == 0.75
    assert coverage(BOOK, since, [], 0).explained is None


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 18),
        ({"q": "asin"}, 1),
        ({"q": "AMAZON"}, 6),
        ({"q": "cause_PT"}, 18),
        ({"origin": "own"}, 0),
        ({"q": "zzz"}, 0),
    ],
)
def test_entries_are_searched_by_any_of_their_texts(asked: dict[str, str], number: int) -> None:
    entries = [ListedEntry.model_construct(**vars(each.entry())) for each in FACTS]
    filter_ = PlaybookFilter.model_validate(asked)
    assert sum(filter_.matches(each) for each in entries) == number
