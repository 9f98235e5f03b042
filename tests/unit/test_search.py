"""Words of messages in any script, names in any part, and what a person's text finds of both."""

import pytest

from schemas.search.fold import fold
from schemas.search.names import INSIDE, grams, joined, part_grams
from schemas.search.query import MAX_NAMES, finds, listed, search_of
from schemas.search.words import MAX_CHARACTERS, MAX_WORDS, sought, word_numbers, words_of

ACCOUNT, TYPE = "acme", "price"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Preço", "PRECO"),
        ("e\u0301t", "ÉT"),  # decomposed
        ("Straße", "STRASSE"),
        ("ＡＢＣ１２", "abc12"),  # full width
        ("ﾃｽﾄ", "テスト"),  # half width
        ("か\u3099", "が"),  # voiced kana stay what they are
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ёлка", "елка"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("SKU\u200b 1", "sku 1"),
        ("SKU\u00a0\u3000 1\n", " SKU 1"),
        ("soft\u00adhyphen", "softhyphen"),
        ("한국어", "한국어"),
    ],
)
def test_what_search_disregards(text: str, same: str) -> None:
    assert fold(text) == fold(same)


@pytest.mark.parametrize(
    ("one", "another"), [("か", "が"), ("น้ำ", "นำ"), ("कि", "की"), ("재고", "재교"), ("A-1", "A1")]
)
def test_what_search_tells_apart(one: str, another: str) -> None:
    assert fold(one) != fold(another)


def test_folding_twice_is_folding_once() -> None:
    for text in ("ﬁn ǅ İ ẞ ﷺ", "Ångström ½", "สินค้า ກຳ ក្រុម", "😀️ é\u034f"):
        assert fold(fold(text)) == fold(text)


#: Messages, and texts that find them, or don't.
FOUND = [
    ("商品库存不足，请检查", ("库存", "库存不足", "请检查", "商品库存不足，请检查")),
    ("商品の価格が無効です", ("価格", "無効", "商品の価格")),
    ("재고가 부족합니다", ("재고", "재고가", "부족", "부족합니다", "재고 부족")),
    ("ไม่พบสินค้าในคลัง", ("สินค้า", "คลัง", "ไม่พบ")),
    ("ບໍ່ພົບສິນຄ້າ", ("ສິນຄ້າ",)),
    ("រកមិនឃើញទំនិញ", ("ទំនិញ",)),
    ("कीमत न्यूनतम से कम है", ("कीमत", "न्यूनतम")),
    ("GET https://api.example/items/MLB123?x=1", ("MLB123", "items/mlb123", "api.example", "items", "x")),
    ("ORA-00001: unique constraint (X.PK_1) violated", ("PK_1", "ora-00001", "X.PK_1", "pk", "00001")),
    ("Variation BLUE-XL is unknown", ("blue-xl", "BLUE_XL", "xl blue", "blue\u2011xl")),
    ("SKU库存不足A1", ("sku", "库存", "a1")),
    ("Preço 10.00 abaixo do mínimo", ("preco minimo", "10.00", "ABAIXO DO MÍNIMO")),
]
NOT_FOUND = [
    ("商品库存不足", ("存不库", "库足")),
    ("재고가 부족합니다", ("가재",)),
    ("Variation BLUE and XL", ("blue-xl",)),
    ("Preço abaixo", ("prec", "aba", "preço acima")),
    ("minimum 10.00", ("10.01",)),
]


@pytest.mark.parametrize(("message", "texts"), FOUND)
def test_words_are_found_in_any_script(message: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert set(words_of(text)) <= set(words_of(message)), text


@pytest.mark.parametrize(("message", "texts"), NOT_FOUND)
def test_other_words_are_not_found(message: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert not set(words_of(text)) <= set(words_of(message)), text


@pytest.mark.parametrize("message", [message for message, _ in FOUND[:6]])
def test_any_two_neighbours_of_a_script_without_spaces_are_found(message: str) -> None:
    for word in fold(message).replace("，", " ").replace(",", " ").split():
        for at in range(len(word) - 1):
            assert set(words_of(word[at : at + 2])) <= set(words_of(message)), word[at : at + 2]


def test_words_have_numbers_of_their_account_and_type_in_64_bits() -> None:
    numbers = word_numbers(ACCOUNT, TYPE, ["Preço", "do preco"])
    assert numbers is not None
    assert len(numbers) == 2
    assert all(-(2**63) <= each < 2**63 for each in numbers)
    for other in ((ACCOUNT, "orders"), ("globex", TYPE)):
        assert not set(numbers) & set(word_numbers(*other, ["Preço do"]) or ())
    assert word_numbers(ACCOUNT, TYPE, ["—", " ", ""]) is None


def _is_found(text: str, messages: list[str]) -> bool:
    return _are_found([text], messages)


def _are_found(texts: list[str], messages: list[str]) -> bool:
    numbers = set(word_numbers(ACCOUNT, TYPE, messages) or ())
    return all(
        words and numbers.issuperset(words) for words in (search_of(ACCOUNT, TYPE, text).words for text in texts)
    )


def test_words_beyond_the_limits_are_left_out() -> None:
    long = "a" * (MAX_CHARACTERS - 8) + " inside outside"
    assert _is_found("inside", [long])
    assert not _is_found("outside", [long])
    many = " ".join(f"w{number}" for number in range(2 * MAX_WORDS))
    assert len(word_numbers(ACCOUNT, TYPE, [many]) or ()) == MAX_WORDS


@pytest.mark.parametrize("errors", [1, 3, 200])
@pytest.mark.parametrize(
    "long",
    ["padding " * (MAX_CHARACTERS // 4), " ".join(f"w{number}" for number in range(2 * MAX_WORDS))],
    ids=["characters", "words"],
)
def test_a_long_message_hides_no_other_one(long: str, errors: int) -> None:
    told = [f"brand{number} is required for category{number}" for number in range(errors)]
    for place in {0, errors // 2, errors}:
        messages = [*told[:place], long, *told[place:]]
        assert _are_found([*told, long[:15].rsplit(" ", 1)[0]], messages)
    assert len(word_numbers(ACCOUNT, TYPE, [long, *told]) or ()) <= MAX_WORDS


def test_long_messages_share_what_there_is() -> None:
    """Leave to the first of the longer ones what the shorter ones don't need."""
    words = [" ".join(f"{name}{number:05}" for number in range(MAX_WORDS)) for name in "ab"]
    assert _are_found(["a00000", "a00990", "b00000", "b00990", "short"], [*words, "a short one"])
    assert not _is_found("b01010", [*words, "a short one"])
    wide = [f"{name} {'x' * MAX_CHARACTERS}" for name in "ab"]
    assert _are_found(["a", "b", "a short one"], [*wide, "a short one"])
    first = f"{'y' * (MAX_CHARACTERS // 2)} after the half"
    assert _are_found(["after the half", "b", "short"], [first, wide[1][: MAX_CHARACTERS // 2 - 50], "a short one"])


def test_every_error_of_a_failure_with_two_hundred_is_found_by_its_words() -> None:
    told = [
        f"{f'Row {number}: the attribute attr{number} must be one of those of its category':.<120}"
        for number in range(200)
    ]
    assert sum(map(len, told)) == 24_000
    assert _are_found(told, ["Rejected", *told])


@pytest.mark.parametrize("message", [message for message, _ in FOUND[:6]])
def test_a_pasted_part_of_a_script_without_spaces_is_found_wherever_it_is_cut(message: str) -> None:
    for start in range(len(message)):
        for end in range(start + 1, len(message) + 1):
            cut = message[start - 1 : start] + message[end : end + 1]
            is_inside_a_word = any(each.isalnum() and not _is_unspaced(each) for each in cut)
            part = message[start:end]
            if not is_inside_a_word and len(fold(part)) > 1 and set(words_of(part)) & set(words_of(message)):
                assert set(words_of(sought(part))) <= set(words_of(message)), part


def _is_unspaced(character: str) -> bool:
    return len(words_of(f"{character * 3}")) == 2


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("商品库存不足，请检查", "商品库存不足，请"),
        ("商品库存不足，请检查", "足，请检查"),
        ("商品库存不足 请检查", "商品库存不足 请"),
        ("재고가 부족합니다", "재고가 부"),
        ("재고가 부족합니다", "가 부족"),
        ("SKU库存不足", "SKU库"),
        ("颜色/尺码不能为空", "颜色/尺"),
        ("颜色/尺码不能为空", "色/尺码不能"),
        ("価格、在庫が無効です", "価格、在"),
    ],
)
def test_a_part_that_ends_in_one_character_is_found(message: str, text: str) -> None:
    assert _is_found(text, [message])
    assert not _is_found(text, ["부하 请求 尺寸 在り SK"])


def test_a_character_alone_is_looked_for_as_one() -> None:
    assert _is_found("请", ["不足 请 检查"])
    assert not _is_found("请", ["不足，请检查"])


NAMES = ("MLB-1300000007-01", "ação ñ", "2000004567891234", "AB", "库存货号")


def _finds(text: str, *names: str) -> bool:
    """Tell if a search finds names, by its numbers and then by its text, as the index does."""
    search, of_log = search_of(ACCOUNT, TYPE, text), joined(names)
    numbers = set(grams(ACCOUNT, TYPE, of_log))
    part = set(search.grams) <= numbers and search.part in of_log
    whole = search.names is not None and not set(search.names).isdisjoint(of_log.split("\n"))
    assert not whole or not set(search.whole or ()).isdisjoint(numbers)
    assert (search.part in of_log) == part, "the index would miss it"
    return part or whole


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_by_any_part_of_it_and_by_its_beginning(name: str) -> None:
    for start in range(len(name)):
        for end in range(start + 1, len(name) + 1):
            part = name[start:end]
            is_found = len(fold(part)) >= INSIDE or (start == 0 and part == part.strip())
            if fold(part) and (is_found or not fold(name).startswith(fold(part))):
                assert _finds(part.upper(), "~", name) == is_found, part


def test_a_part_does_not_reach_from_one_name_into_the_next() -> None:
    assert not _finds("ab12", "xxab", "12xx")
    assert not _finds("ab\n12", "xxab", "12xx")


def test_equal_numbers_find_nothing_without_the_text() -> None:
    """All runs of `01010` are in the name, but it is not."""
    assert set(part_grams(ACCOUNT, TYPE, "01010")) <= set(grams(ACCOUNT, TYPE, joined(["0101", "1010"])))
    assert search_of(ACCOUNT, TYPE, "01010").part not in joined(["0101", "1010"])


def test_names_without_a_visible_character_are_none() -> None:
    assert joined(["\u200b", " "]) == ""
    assert grams(ACCOUNT, TYPE, "") == []
    assert not _finds(" \u200b", "SKU-1")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SKU-1\nSKU-2", ["SKU-1", "SKU-2"]),
        ("SKU 1\r\nSKU 2\r\n", ["SKU 1", "SKU 2"]),
        ("a;b\tc,  d", ["a", "b", "c", "d"]),
        ("SKU-1, sku-1", []),
        ("SKU 1 SKU 2", []),
        ("SKU-1,", []),
        (",", []),
    ],
)
def test_a_list_of_names_is_told_by_its_separators(text: str, names: list[str]) -> None:
    assert list(listed(text).values()) == names


def test_a_list_finds_whole_names_in_any_case() -> None:
    assert _finds("sku-7; ACAO Ñ", *NAMES)
    assert not _finds("sku-7; ACAO", *NAMES)
    assert len(search_of(ACCOUNT, TYPE, "\n".join(map(str, range(MAX_NAMES)))).names or ()) == MAX_NAMES


def test_a_sentence_with_a_comma_is_words_as_well() -> None:
    search = search_of(ACCOUNT, TYPE, "Sem estoque, verifique")
    assert search.names == ("sem estoque", "verifique")
    assert set(search.words or ()) <= set(word_numbers(ACCOUNT, TYPE, ["verifique: sem estoque"]) or ())


def test_numbers_of_parts_that_are_there_again_and_again_are_few() -> None:
    """A batch of such names must not take the memory for each of them."""
    long = joined([f"{'a' * 196}{number:04}" for number in range(50)])
    assert len(grams(ACCOUNT, TYPE, long)) < len(long) / 10


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("1234", "000123400", True),
        ("ação", "A CACAO", True),
        ("PG-", "pg-1", True),
        ("PG-", "1-PG-", False),
        ("a; 7891234", "7891234", True),
        ("a; 7891234", "78912345", False),
        ("a b", "b a", False),
        ("\u200b", "a", False),
    ],
)
def test_the_name_by_which_a_log_is_found_is_told(text: str, name: str, found: bool) -> None:  # noqa: FBT001
    assert finds(text, name) is found
