"""Texts that break files: reliability catalogue A24 to A33, and what marketplaces really send."""

from schemas.characters import refused_in

#: Texts by their peculiarity.
TEXTS = {
    "plain": "The price 10.00 is below the minimum",
    "formula": '=HYPERLINK("https://evil.example","click")',
    "formula plus": "+1+cmd|' /C calc'!A0",
    "formula minus": "-1+1",
    "formula at": "@SUM(1+1)",
    "formula after tab": "\t=1+1",
    "formula after return": "\r=1+1",
    "formula after line feed": "\n=1+1",
    "formula after space": " =1+1",
    "full-width equals": "＝1+1",
    "full-width plus": "＋1",
    "full-width minus": "－1",
    "full-width at": "＠SUM(1)",
    "apostrophe": "'=1+1",
    "two apostrophes": "''x",
    "negative number": "-12.50",
    "controls": "a\x01b\x08c\x0bd\x0ce\x0ef\x1fg\x7fh\x85i",
    "not characters": "a\ufffeb\uffffc",
    "byte order mark": "\ufeffx",
    "excel escape": "_x0041_ _x000D_ _X0041_ _x005F_x0041_",
    "error value": "#N/A",
    "boolean": "TRUE",
    "order id": "12345678901234567",
    "leading zeros": "00123",
    "exponent": "1E5",
    "date": "2026-11-24",
    "link": "https://evil.example/?a=1&b=2",
    "mail": "mailto:a@b.example",
    "file link": "file:///etc/passwd",
    "quotes": 'say "hi", it\'s',
    "separators": "a,b;c\td|e",
    "line breaks": "a\nb\r\nc\rd\u2028e",
    "copy end": "\\.",
    "backslashes": "a\\nb\\\\c\\",
    "placeholders": "$1 {0} {filter} {logs} %s -- ",
    "spaces": "  around  ",
    "markup": "<b>&amp;</b><!--]]>",
    "spaces of other kinds": "SKU\u00a0A\u3000B\u2009C",
    "joiners": "a\u200bb\u200cc\u200dd\u2060e\u00adf",
    "emoji": "👩‍👩‍👧 🏳️‍🌈 \U0010fffd",
    "right to left": "שלום \u202eabc",
    "combining": "e\u0301 \u0430 PG-2404С1",
    "portuguese": "Preço abaixo do mínimo: não é possível",
    "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "braces": '{"a": [1, "\\u0041"]}',
    "long": "x" * 32_767,
}
#: Texts that don't fit in a cell of a workbook, and are cut there.
TOO_LONG = {
    "too long": "y" * 32_768,
    "too long in UTF-16": "😀" * 20_000,
    "too long when escaped": "\x01" * 10_000,
    "most of a megabyte": "é" * 200_000,
}
#: Texts that can be in a key or an affiliate too.
NAMES = {name: text for name, text in TEXTS.items() if len(text) <= 200 and refused_in(text) is None}
