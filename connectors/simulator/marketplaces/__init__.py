"""The simulated marketplaces: shapes and codes as the real ones publish them, in sentences of our own."""

import zlib
from typing import Final

from connectors.simulator.any_type import ANY_TYPE
from connectors.simulator.marketplace import Fault, Marketplace
from connectors.simulator.marketplaces.amazon import AMAZON
from connectors.simulator.marketplaces.americanas import AMERICANAS
from connectors.simulator.marketplaces.magalu import MAGALU
from connectors.simulator.marketplaces.mercado_livre import MERCADO_LIVRE
from connectors.simulator.marketplaces.shopee import SHOPEE

MARKETPLACES: Final = (MERCADO_LIVRE, AMAZON, MAGALU, SHOPEE, AMERICANAS)
_BY_AFFILIATE: Final = {each.affiliate: each for each in MARKETPLACES}


def marketplace_of(affiliate: str) -> Marketplace:
    """Return the marketplace of an affiliate; one that is not simulated speaks like one of those that are."""
    return _BY_AFFILIATE.get(affiliate) or MARKETPLACES[zlib.crc32(affiliate.encode()) % len(MARKETPLACES)]


def faults_of(integration_type: str, affiliate: str) -> tuple[Fault, ...]:
    """Return the faults of a type on a marketplace, whatever type it is."""
    return marketplace_of(affiliate).faults.get(integration_type, ANY_TYPE)
