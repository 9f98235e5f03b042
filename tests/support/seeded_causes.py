"""Seeded days on which results begin to fail for one hidden cause, among everything that varies anyway."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.raw_json import load
from schemas.why.act import Act
from schemas.why.cause import Cause, causes
from schemas.why.result import Feature, Looked, hours, places, prefixes
from schemas.why.trait import Shares, Trait

BEGAN = datetime(2026, 11, 24, 11, 55, tzinfo=UTC)
AFFILIATES = ("MLB", "AMZ", "MGL", "SHP")
#: Acts that come and go on any day.
USUAL_ACTS = (
    ("reprocess", "requested", 4.0),
    ("export", "exported", 3.0),
    ("playbook", "changed", 0.3),
    ("key", "created", 0.1),
)


@dataclass
class World:
    """One seeded day. What a cause does, it does to these."""

    rng: random.Random
    results: list["Fact"] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def usual_acts(self) -> None:
        """Add four weeks of what people do anyway, each kind some times a day."""
        number = 0
        for kind, action, a_day in USUAL_ACTS:
            at = BEGAN - timedelta(days=28)
            while (at := at + timedelta(days=self.rng.expovariate(a_day))) < BEGAN + timedelta(hours=2):
                number += 1
                affiliate = self.rng.choice((None, *AFFILIATES))
                self.acts.append(Act(f"{kind}:{number}", at, kind, action, affiliate, "price"))


@dataclass
class Fact:
    """One result, before it is known whether it failed."""

    at: datetime
    entity: str
    values: dict[str, str]
    request: dict[str, str]
    risk: float
    category: str = "OTHER"
    field: str = "other"

    def looked(self, rng: random.Random, *, in_general: bool, of_days: bool) -> Looked:
        """Let it fail or not.

        `in_general`: what went wrong is that more fail, with whatever error. `of_days`: hours say something.
        """
        cause = self.risk > BASE and self.at >= BEGAN
        failed = rng.random() < self.risk
        affected = failed and self.at >= BEGAN
        if not in_general:
            affected = affected and (cause or rng.random() < 0.2)
        features = {Feature(name, "", value) for name, value in self.values.items() if name != "version"}  # type: ignore[arg-type]
        features |= {Feature("version", "connectorversion", self.values["version"])}
        features |= set(prefixes(self.entity)) | (set(hours(self.at)) if of_days else set())
        text = "{" + ",".join(f'"{name}":{value}' for name, value in self.request.items()) + "}"
        features |= set(places(load(text)))
        if failed and in_general:
            features |= {Feature("category", "", self.category), Feature("field", "", self.field)}
        return Looked(self.at, affected, failed, rng.random() < 0.9, self.entity, frozenset(features))


#: Share of results that fails anyway.
BASE = 0.03


def facts(rng: random.Random, count: int = 400, *, days: float = 0.25) -> list[Fact]:
    """Make results of one affiliate, half of them before the beginning, of whatever there usually is.

    As storage does, with more failures of before than there would be: to compare errors with.
    """
    found = []
    for number in range(count):
        at = BEGAN + timedelta(days=days) * rng.uniform(-1, 1)
        stem = rng.choice(("SKU-", "KIT-", "PG-", "MX"))
        source = rng.choice(("/connectors/one", "/connectors/two", "/connectors/three"))
        found.append(
            Fact(
                at,
                f"{stem}{rng.randrange(10**6):06}",
                {
                    "source": source,
                    "version": rng.choice(("2.3.0", "2.3.1", "2.4.0")),
                    "operation": rng.choice(("update-price", "create-offer", "update-stock")),
                    "mode": rng.choice(("", "", "", "refresh")),
                },
                {
                    "sku": f'"{number}"',
                    "price": str(rng.randrange(100, 9_999) / 100),
                    "currency": rng.choice(('"BRL"', '"BRL"', '"MXN"')),
                    "listing": rng.choice(('"gold"', '"silver"', '"free"')),
                    "gtin": f'"{rng.randrange(10**12)}"',
                    "package": f'{{"height": {rng.randrange(9)}, "width": {rng.randrange(9)}}}',
                    "pictures": str(["x"] * rng.randrange(4)).replace("'", '"'),
                },
                1.0 if number % 10 == 0 and at < BEGAN and days < 1 else BASE,
                rng.choice(("OTHER", "PRICING", "STOCK")),
                rng.choice(("other", "price", "stock")),
            )
        )
        if not found[-1].values["mode"]:
            del found[-1].values["mode"]
    return found


def _fail(each: Fact, risk: float = 0.9) -> None:
    if each.at >= BEGAN:
        each.risk = risk


def _version(world: World) -> None:
    for each in world.results:
        if each.at >= BEGAN - timedelta(minutes=6) and world.rng.random() < 0.6:
            each.values["version"] = "2.5.0"
            _fail(each, 0.7)


def _source(world: World) -> None:
    for each in world.results:
        if each.values["source"] == "/connectors/two":
            _fail(each)


def _operation(world: World) -> None:
    for each in world.results:
        if each.values["operation"] == "create-offer":
            _fail(each)


def _prefix(world: World) -> None:
    for each in world.results:
        if each.entity.startswith("KIT-"):
            _fail(each)


def _missing(world: World) -> None:
    for each in world.results:
        if world.rng.random() < (0.3 if each.at >= BEGAN else 0.02):
            del each.request["gtin"]
            _fail(each)


def _value(world: World) -> None:
    for each in world.results:
        if each.request["listing"] == '"gold"':
            _fail(each, 0.8)


def _retried(world: World) -> None:
    for each in world.results:
        if "mode" in each.values:
            _fail(each)


def _category(world: World) -> None:
    for each in world.results:
        if each.at >= BEGAN and world.rng.random() < 0.4:
            each.category = "SHIPPING"
            _fail(each, 1.0)


def _field(world: World) -> None:
    for each in world.results:
        if each.at >= BEGAN and world.rng.random() < 0.4:
            each.field = "dimensions"
            _fail(each, 1.0)


def _hour(world: World) -> None:
    for each in world.results:
        if each.at.hour in (2, 3):
            each.risk = 0.9


def _act(kind: str, action: str) -> Callable[[World], None]:
    def cause(world: World) -> None:
        ago = timedelta(minutes=world.rng.uniform(1, 25))
        world.acts.append(Act("hidden", BEGAN - ago, kind, action, "MLB", None))
        for each in world.results:
            _fail(each, 0.5)

    return cause


def _affiliate(world: World) -> None:
    for each in world.results:
        _fail(each, 0.6)


def _is(dimension: str, value: str, *, missing: bool = False) -> Callable[[Cause], bool]:
    def found(each: Cause) -> bool:
        if not isinstance(each, Trait):
            return False
        return any(
            feature.dimension == dimension and value in (feature.value, feature.name) and is_missing is missing
            for feature, is_missing in ((each.feature, each.is_missing), *each.also)
        )

    return found


def _is_hidden(each: Cause) -> bool:
    return getattr(each, "id", None) == "hidden"


@dataclass(frozen=True)
class HiddenCause:
    """One cause of failures, and the answer that names it."""

    name: str
    do: Callable[[World], None]
    is_found: Callable[[Cause], bool]
    in_general: bool = False
    days: float = 0.25


CAUSES = (
    HiddenCause("version", _version, _is("version", "2.5.0")),
    HiddenCause("affiliate", _affiliate, _is("affiliate", "MLB"), in_general=True),
    HiddenCause("field_missing", _missing, _is("request", "/gtin", missing=True)),
    HiddenCause("request_value", _value, _is("request", '"gold"')),
    HiddenCause("key_prefix", _prefix, _is("key_prefix", "KIT-")),
    HiddenCause("policy", _act("automatic", "automatic_rule"), _is_hidden),
    HiddenCause("pause_resumed", _act("affiliate", "resumed"), _is_hidden),
    HiddenCause("redrive", _act("dead_letter", "redriven"), _is_hidden),
    HiddenCause("source", _source, _is("source", "/connectors/two"), in_general=True),
    HiddenCause("category", _category, _is("category", "SHIPPING"), in_general=True),
    HiddenCause("error_field", _field, _is("field", "dimensions"), in_general=True),
    HiddenCause("operation", _operation, _is("operation", "create-offer")),
    HiddenCause("mode", _retried, _is("mode", "refresh")),
    HiddenCause("hour", _hour, _is("hour", "02-04"), days=6),
)


def live(seed: str, cause: HiddenCause | None) -> list[Cause]:
    """Live one day, and look for why."""
    rng = random.Random(seed)
    world = World(rng)
    world.results = facts(rng, days=cause.days if cause else 0.25)
    world.usual_acts()
    if cause is not None:
        cause.do(world)
    else:
        for each in world.results:
            _fail(each, 0.3)
    in_general = cause is not None and cause.in_general
    of_days = cause is not None and cause.days > 1
    looked = [each.looked(rng, in_general=in_general, of_days=of_days) for each in world.results]
    if of_days:  # nobody can say when it began: it comes each night
        looked = [each._replace(affected=each.failed) for each in looked]
    elsewhere = rng.randrange(30, 60)
    shares = Shares(300, 300 + elsewhere, 200, 2_500) if cause is not None and cause.name == "affiliate" else None
    return causes(
        looked,
        world.acts,
        began=None if of_days else BEGAN,
        affiliate="MLB",
        integration_type="price",
        affiliates=shares and ("MLB", shares),
    )
