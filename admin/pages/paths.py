"""Parts of a page's path, by patterns. A path without a possible account or type is no page, and gets the API's 404."""

import re
from typing import Annotated

from fastapi import Path
from starlette.convertors import Convertor, register_url_convertor

from schemas.catalogue import BY_NAME, CATALOGUE, IntegrationType
from schemas.result import ACCOUNT as ACCOUNT_NAME


class _Text(Convertor[str]):
    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


#: First parts of addresses that are no accounts. Accounts may have these names, but no pages then, since their
#: addresses would be ambiguous. Their logs are in the query API, below another prefix.
RESERVED = frozenset(
    {
        "api",
        "commands",
        "events",
        "healthz",
        "livez",
        "metrics",
        "preferences",
        "readyz",
        "sign-in",
        "sign-out",
        "static",
        "styleguide",
        "vtex",
    }
)


class _Account(_Text):
    regex = f"(?!(?:{'|'.join(sorted(RESERVED))})(?:/|$))[a-z0-9-]{{1,64}}"


class _Type(_Text):
    regex = "|".join(each.name for each in CATALOGUE)


#: A part of an address that may be meant as a type.
_WORD = re.compile(r"[A-Za-z_-]{1,64}")

# Starlette keeps convertors by name for the whole process, and wants them before a path that uses them.
register_url_convertor("account", _Account())
register_url_convertor("integration_type", _Type())

ACCOUNT = "/{account:account}"
TYPE = ACCOUNT + "/{integration_type:integration_type}"
TypeName = Annotated[str, Path()]


def is_reserved(path: str) -> bool:
    """Return True for an address that can't be that of an account's page, whatever accounts there are."""
    return path.lstrip("/").partition("/")[0] in RESERVED


def account_alone(path: str) -> str | None:
    """Return the account of an address that names an account and nothing else; None for any other address."""
    name = path.strip("/")
    return None if ACCOUNT_NAME.fullmatch(name) is None or is_reserved(name) else name


def account_with_unknown_type(path: str) -> str | None:
    """Return the account of an address whose second part is a word, as that of a type is; None for any other address.

    To be asked of addresses that are no page.
    """
    account, _, rest = path.strip("/").partition("/")
    word = rest.partition("/")[0]
    return None if word in BY_NAME or _WORD.fullmatch(word) is None else account_alone(account)


def type_of(name: str) -> IntegrationType:
    """Return the type of a path that matched."""
    return BY_NAME[name]
