"""Codes are remembered with what was said of them."""

from schemas.spelling import remembered


def test_a_code_is_asked_about_once_and_a_long_one_each_time() -> None:
    asked: list[str | None] = []

    @remembered
    def length(code: str | None) -> int:
        asked.append(code)
        return len(code or "")

    long = "x" * 201
    for _ in range(3):
        assert [length(each) for each in (None, "", "price.minimum", long)] == [0, 0, 13, 201]
    assert asked == [None, "", "price.minimum", long, long, long]
