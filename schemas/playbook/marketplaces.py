"""Marketplaces of affiliates: VTEX lets a store choose three letters, and people know the marketplace by its name."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, RootModel, StringConstraints, model_validator

from schemas.json_setting import document_of
from schemas.result import Affiliate

#: Errors of VTEX come with any affiliate: a connector reads there what it sends.
VTEX: Final = "VTEX"

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]

#: Affiliates that are the same at many stores: those that VTEX's help suggests (MGZ, VVJ, DFT, NTS, BWW, LVL: the
#: pages of each connector at help.vtex.com), those that Mercado Livre calls its sites (MLB, MLA, …: its API, /sites),
#: those of our demo, and a few that are plain abbreviations.
USUAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("MLB", "MLA", "MLM", "MLC", "MCO", "MLU", "MPE", "MLV", "MEC"), "Mercado Livre"),
        **dict.fromkeys(("AMZ", "AMZN"), "Amazon"),
        **dict.fromkeys(("MGZ", "MGL", "MGLU"), "Magalu"),
        **dict.fromkeys(("B2W", "BWW"), "Americanas"),
        **dict.fromkeys(("VVJ", "CNV"), "Casas Bahia"),
        "SHP": "Shopee",
        "CRF": "Carrefour",
        "NTS": "Netshoes",
        "DFT": "Dafiti",
        "LVL": "Livelo",
        "WMT": "Walmart",
        "EBY": "eBay",
        "TTK": "TikTok Shop",
        "LZD": "Lazada",
    }
)
#: Names of one marketplace: of its company, its shops and its older brands. The first stands for all.
_SAME: Final = (
    ("Mercado Livre", "Mercado Libre", "MercadoLivre", "MercadoLibre", "Meli"),
    ("Magalu", "Magazine Luiza", "Magazineluiza", "IntegraCommerce"),
    ("Americanas", "B2W", "SkyHub", "Submarino", "Shoptime", "Lojas Americanas", "Americanas/B2W (SkyHub)"),
    (
        "Casas Bahia",
        "Via",
        "Via Varejo",
        "Cnova",
        "Ponto",
        "Ponto Frio",
        "Extra",
        "Grupo Casas Bahia",
        "Via/Casas Bahia",
    ),
    ("Carrefour", "Carrefour Brasil"),
    ("Walmart", "Walmart US", "Walmart CA", "Walmart MX"),
    ("Google Merchant Center", "Google Merchant", "Google", "Google Shopping"),
    ("Meta", "Facebook", "Instagram", "Meta catalogue", "Meta Commerce"),
    ("TikTok Shop", "TikTok"),
    ("Mirakl", "Mirakl operators"),
    (VTEX, "VTEX (any channel)"),
)
#: Marketplaces that are run on Mirakl: its codes are theirs too.
_ON_MIRAKL: Final = (
    "Carrefour", "Leroy Merlin", "Decathlon", "Liverpool", "Coppel", "Worten", "Fnac", "Darty", "MediaMarkt",
    "El Corte Inglés", "Conforama", "Maisons du Monde", "Galeries Lafayette", "Best Buy Canada", "Macy's", "Kroger",
)  # fmt: skip
_SIGNS: Final = re.compile(r"[\W_]+")
#: Sites of Amazon and the like: `Amazon.com.br`.
_SITE: Final = re.compile(r"\.(?:com?|net)?(?:\.?[a-z]{2})?$")


@lru_cache(maxsize=2048)
def plain_name(name: str) -> str:
    """Return a name to compare by: the first of those of one marketplace, without case, accents and signs."""
    found = _plain(name)
    return _CANONICAL.get(found) or _CANONICAL.get(_plain(_SITE.sub("", name.lower())), found)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return _SIGNS.sub("", "".join(each for each in letters if not unicodedata.combining(each)))


_CANONICAL: Final = {_plain(each): _plain(names[0]) for names in (*_SAME, ("Amazon",)) for each in names}
_MIRAKL: Final = frozenset(_plain(each) for each in _ON_MIRAKL)


@lru_cache(maxsize=2048)
def spoken_by(name: str) -> frozenset[str]:
    """Return whose codes a marketplace speaks: its own, and those of the software that it is run on; plain names."""
    own = plain_name(name)
    return frozenset({own, plain_name("Mirakl")}) if own in _MIRAKL else frozenset({own})


class Marketplaces(RootModel[Mapping[Affiliate, Name]]):
    """Names of marketplaces by affiliate, as in CONEXOES_MARKETPLACES: `{"MLB": "Mercado Livre"}`.

    Those that are usual are known without it; an entry of an affiliate replaces the usual one. Text is read as JSON.
    """

    model_config = ConfigDict(frozen=True)

    root: Mapping[Affiliate, Name] = Field(default_factory=lambda: MappingProxyType({}))

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return document_of(value, "the names of marketplaces")

    def name_of(self, affiliate: str) -> str | None:
        """Return the name of an affiliate's marketplace; None for an affiliate that nobody named.

        The usual ones are known in any case, and with a number or another ending: `mlb`, `MLB2`, `MLB-outlet`; and so
        is an affiliate that is a marketplace's name itself.
        """
        return self.root.get(affiliate) or _usual(affiliate)


#: Endings of a code of stores that have two accounts on one marketplace.
_ENDING: Final = re.compile(r"(?<=[A-Z0-9]{3})(?:\d|[-_ ].*)$", re.DOTALL)
#: Affiliates that are a name themselves: `amazon`, `Mercado Libre`.
_BY_NAME: Final = {_plain(each): names[0] for names in _SAME for each in names} | {
    _plain(each): each for each in USUAL.values()
}


@lru_cache(maxsize=2048)
def _usual(affiliate: str) -> str | None:
    upper = affiliate.upper()
    return USUAL.get(upper) or USUAL.get(_ENDING.sub("", upper)) or _BY_NAME.get(_plain(affiliate))
