"""Error texts as marketplaces and connectors write them, made up for the tests and labelled by hand."""

JAVA = (
    "java.lang.IllegalStateException: offer of {sku} has no price\n\tat br.example.Offers.build(Offers.java:{line})\n"
    "\tat br.example.Job.run(Job.java:77)\n\t... {more} more\n"
    "Caused by: java.util.NoSuchElementException: No value present"
)
PYTHON = (
    'Traceback (most recent call last):\n  File "/srv/app/{file}.py", line {line}, in build\n    price = prices[key]\n'
    "KeyError: '{sku}'"
)
JAVASCRIPT = (
    "TypeError: Cannot read properties of undefined (reading 'price')\n    at build (/srv/{file}.js:{line}:{line})"
)
DOTNET = "System.TimeoutException: O tempo limite foi atingido.\n   em Loja.Envio.Enviar() na {file}.cs:linha {line}"
CLOUD = (
    "<!DOCTYPE html><html><head><title>{title}</title><style>body{{margin:{n}px}}</style>"
    "<script>var ray='{n}';</script></head><body><h1>{title}</h1><p>Ray ID: {n}ab{n}</p></body></html>"
)

#: Each tuple is one fault; no two tuples are the same one.
FAULTS: tuple[tuple[str, ...], ...] = (
    # numbers and ids
    ("SKU 123 has no price", "SKU 456789 has no price", "SKU AB-77-X has no price", "SKU 00123 has no price."),
    ("SKU 123 has no stock", "SKU 9 has no stock", "SKU kit_2024 has no stock"),
    ("Order MLB-2000001 not found", "Order v1234567abc-01 not found", "Order 951-9026094-1233333 not found"),
    ("Item not found: MLB1234567890", "Item not found: MLA99", "item not found:  MLM-1"),
    ("11_AABB_123 is not a valid listing id", "B0X7Q3CS11 is not a valid listing id"),
    ("Faltam 3 unidades no depósito 12", "Faltam 250 unidades no depósito W-7"),
    ("Estoque negativo: -5", "Estoque negativo: -12", "Estoque negativo: 0"),
    ("Limited by c122a060-a7fb-4bb4-abb0-32fd4e18d489", "Limited by 6a6e4d83-57f5-4c58-8d2f-0e4c3d2a9f00"),
    ("Retry after 30 s", "Retry after 2.5 s", "Retry after 1,500 s"),
    ("EAN 7891234567895 já usado por 10, 11 e 12", "EAN 7890000000011 já usado por 99"),
    ("Line 3 of feed 9912: missing column", "Line 14 of feed 7: missing column"),
    ("Line 3 of feed 9912: duplicated column", "Line 1 of feed 1: duplicated column"),
    # money
    (
        "Preço R$ 10,50 abaixo do mínimo de R$ 12,00",
        "Preço R$ 1.234,56 abaixo do mínimo de R$ 2.000",
        "Preço 7,99 abaixo do mínimo de 8",
        "Preço BRL 7.99 abaixo do mínimo de 8,00 BRL",
    ),
    ("Price $10.00 exceeds the maximum", "Price US$ 1,000.00 exceeds the maximum", "Price 10 USD exceeds the maximum"),
    ("El precio 150,00 € no coincide", "El precio €1 no coincide", "El precio 9.99 EUR no coincide"),
    ("Desconto de 10% maior que o permitido", "Desconto de 99,9% maior que o permitido"),
    ("Frete de R$ 19,90 difere do cotado", "Frete de R$ 0 difere do cotado"),
    # dates and times
    (
        "A promoção termina em 24/11/2026",
        "A promoção termina em 2026-11-24T23:59:59-03:00",
        "A promoção termina em 24 de novembro de 2026",
        "A promoção termina em 1 de março de 2027 12:00",
        "A promoção termina em 24 nov. 2026",
    ),
    (
        "Token expired on Nov 24, 2026 10:15 AM",
        "Token expired on 2026-11-24 10:15:00 UTC",
        "Token expired on Tue, 24 Nov 2026 10:15:00 GMT",
        "Token expired on December 1, 2026 9:05 PM",
    ),
    (
        "La cuenta venció el 5 de enero de 2026",
        "La cuenta venció el 31/12/2025",
        "La cuenta venció el 2 de mayo de 2026",
    ),
    ("Shipped 3 out of 5 packages", "Shipped 10 out of 12 packages"),
    ("Shipped 3 of the packages too late", "Shipped 12 of the packages too late"),
    ("店铺授权已于2026年11月24日过期", "店铺授权已于2025年1月3日过期"),
    # quoted values
    ('O produto "Tênis azul" não tem EAN', 'O produto "Bola" não tem EAN', "O produto 'Kit 3 peças' não tem EAN"),
    ('O produto "Tênis azul" não tem marca', "O produto “Bola” não tem marca"),
    ("The category «Calçados» is closed", "The category 'Toys' is closed", "The category `A/B` is closed"),
    (
        "Invalid value 'asdf' for the size. Valid values are: 'P', 'M', 'G'",
        "Invalid value 'XXL' for the size. Valid values are: 'U'",
        "Invalid value `36` for the size. Valid values are: `34`, `35` or `37`",
    ),
    ("We can't reach the seller's warehouse", "We can't reach the seller's warehouse."),
    ("We don't know the seller's warehouse", "We don't know the seller's  warehouse"),
    ("Título 「赤いコップ」 é longo demais", "Título 「x」 é longo demais"),
    ('"Attribute missing"', "Attribute missing", "'Attribute missing'"),
    # a name and its value
    ("Unmapped attribute color=Azul size=G", "Unmapped attribute color=Verde-água size=38"),
    ("Rejected: reason=closed item=abc", "Rejected: reason=closed item=def"),
    ("Rejected: reason=fraud item=abc", "Rejected: reason=fraud item=xyz"),
    # addresses
    ("Image https://img.example/1.jpg is too small", "Image https://cdn.example/a/b.png?x=1 is too small"),
    ('Image "https://img.example/1.jpg" has text on it', 'Image "http://x.example/2" has text on it'),
    ("Mail ana@store.example has bounced", "Mail jose.c+1@shop.example has bounced"),
    ("Host 10.0.0.12:8443 refused", "Host 192.168.1.1:443 refused"),
    # status numbers of HTTP, the only ones that tell
    ("Request failed with status code 401", "Request failed with status code 401"),
    ("Request failed with status code 500", "Request failed with Status Code: 500"),
    ("Request failed with status code 429", "Request failed with status code 429."),
    ("HTTP 404 while reading order 12", "HTTP/1.1 404 while reading order 77"),
    ("HTTP 503 while reading order 12", "HTTP/1.1 503 while reading order 9"),
    # HTML and XML
    (
        CLOUD.format(title="502 Bad Gateway", n=1),
        CLOUD.format(title="502 Bad Gateway", n=987654),
        CLOUD.format(title="502 Bad  Gateway", n=22),
    ),
    (CLOUD.format(title="Access denied", n=1), CLOUD.format(title="Access denied", n=55)),
    (
        "<error><code>E1</code><detail>Nota fiscal 123 inválida</detail></error>",
        "<error>\n  <code>E1</code>\n  <detail>Nota fiscal 99 inválida</detail>\n</error>",
    ),
    (
        "<error><code>E1</code><detail>Nota fiscal 123 cancelada</detail></error>",
        "<error><code>E1</code><detail>Nota fiscal 7 cancelada</detail></error>",
    ),
    ("<r><![CDATA[Pedido 12 em conflito]]></r>", "<r><![CDATA[Pedido 1345 em conflito]]></r>"),
    ("<r><![CDATA[Pedido 12 duplicado]]></r>", "<r><![CDATA[Pedido 99 duplicado]]></r>"),
    (
        '<Fault code="12" message="Sem permissão para o item 3"/>',
        '<Fault code="12" message="Sem permissão para o item 8"/>',
    ),
    (
        '<Fault code="99" message="Sem permissão para o item 3"/>',
        "<Fault code='99' message='Sem permissão para o item 8'/>",
    ),
    ('<Fault code="12" message="Item 3 bloqueado"/>', '<Fault code="12" message="Item 77 bloqueado"/>'),
    ("O campo &quot;Cor&quot; &eacute; obrigat&oacute;rio", 'O campo "Cor" é obrigatório'),
    ("O campo &quot;Tamanho&quot; &eacute; obrigat&oacute;rio", 'O campo "Tamanho" é obrigatório'),
    ("stock < minimum and price > maximum for 12", "stock < minimum and price > maximum for 99"),
    ("stock < minimum and price < maximum for 12", "stock < minimum and price < maximum for 1"),
    # JSON in the message
    (
        '{"message":"Item MLB1 is paused","error":"conflict","status":409,"cause":[]}',
        '{"message": "Item MLB22 is paused", "error": "conflict", "status": 409, "cause": []}',
    ),
    (
        '{"message":"Item MLB1 is closed","error":"conflict","status":409,"cause":[]}',
        '{"message":"Item MLB999 is closed","error":"conflict","status":409,"cause":[]}',
    ),
    (
        '400 Bad Request: {"errors":[{"code":"dim","message":"Width of 12 cm is too large"}]}',
        '400 Bad Request: {"errors":[{"code":"dim","message":"Width of 700 cm is too large"}]}',
        '400 Bad Request: {"errors": [{"code": "dim", "message": "Width of 1 cm is too large"',
    ),
    (
        '400 Bad Request: {"errors":[{"code":"dim","message":"Height of 12 cm is too large"}]}',
        '400 Bad Request: {"errors":[{"code":"dim","message":"Height of 9 cm is too large"}]}',
    ),
    (
        '{"error":"{\\"message\\":\\"Categoria 12 inativa\\"}"}',
        '{"error":"{\\"message\\":\\"Categoria 345 inativa\\"}"}',
    ),
    ("{'detail': 'Vendedor 12 suspenso'}", "{'detail': 'Vendedor 99 suspenso'}"),
    ("{'detail': 'Vendedor 12 desconhecido'}", "{'detail': 'Vendedor 1 desconhecido'}"),
    # stack traces
    (
        JAVA.format(sku="SKU-1", line=41, more=3),
        JAVA.format(sku="SKU-22", line=43, more=17),
        "java.lang.IllegalStateException: offer of A9 has no price at br.example.Offers.build(Offers.java:12)"
        " at br.example.Job.run(Job.java:9)\nCaused by: java.util.NoSuchElementException: No value present",
    ),
    (PYTHON.format(file="offer", line=41, sku="SKU-1"), PYTHON.format(file="offers", line=7, sku="a b c")),
    (JAVASCRIPT.format(file="a", line=1), JAVASCRIPT.format(file="offer", line=512)),
    (DOTNET.format(file="Envio", line=1), DOTNET.format(file="Loja", line=77)),
    # other scripts
    ("商品 AB-12 的类目 77 未映射", "商品 9 的类目 8812 未映射"),
    ("订单123不存在", "订单987654不存在"),
    ("订单123已取消", "订单5已取消"),
    ("错误：msku：Tie-P03601,不存在", "错误：msku：X9,不存在"),
    ("по заказу 123456789 найдена поставка 987654321", "по заказу 5 найдена поставка 7"),
    ("по заказу 123456789 не найдена поставка", "по заказу 77 не найдена поставка"),
    ("Артикул PG-2404С1 не существует", "Артикул 9С не существует"),
    ("상품 123의 가격이 없습니다", "상품 98765의 가격이 없습니다"),
    ("Sản phẩm 12 không tồn tại", "Sản phẩm 9981 không tồn tại"),
    # how it is written
    ("PREÇO INVÁLIDO", "Preço inválido", "preço  inválido!", "Prec\u0327o inva\u0301lido"),
    ("timeout while sending", "Timeout while sending"),
    ("timeout while reading", "Timeout while reading"),
    ("É obrigatório informar o peso (0.5 kg)", "É obrigatório informar o peso (12 kg)"),
    ("É obrigatório informar a altura (5 cm)", "É obrigatório informar a altura (110 cm)"),
    (
        f"{'Very long texts are told by how they begin. ' * 12} 12",
        f"{'Very long texts are told by how they begin. ' * 12} x",
    ),
    (f'The title "{"a" * 250}" of {"9" * 100} is bad', 'The title "b" of 1 is bad'),
)
