"""The site, shared by every page: templates in each language, files, sessions, and the answers with pages."""

import asyncio
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from babel import Locale
from babel.numbers import format_decimal, format_percent
from fastapi import Request, Response
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from admin.pages import assets, languages, times, words
from admin.pages.compression import coding_of, compress
from admin.pages.counts import Underway
from admin.pages.limits import MOST
from admin.pages.names import dot_of, group_name, marked
from admin.pages.visitor import Visitor
from admin.session import Sessions
from api.fairness import Places
from schemas.catalogue import CATALOGUE, Language
from schemas.filter import FIELDS, MAX_SEARCH_CHARACTERS
from schemas.reasons.say import say
from storage.slices import Slices

TEMPLATES = Path(__file__).parents[1] / "templates"
#: Template whose macros every page is given.
MARKS = "marks.html"
#: Policy of content: nothing from other hosts, nothing inline, so that a vendor's text can't run or restyle a page.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language, Accept-Encoding, HX-Request",
}
_WORTH_COMPRESSING_BYTES = 1024
#: Size up to which a page is compressed in about a millisecond. It takes a thread longer to begin.
_QUICKLY_COMPRESSED_BYTES = 100_000
#: Time limit of a wait for the slow counts of others; after it the answer is 429.
_TURN_SECONDS = 60.0
#: Banners of one kind; others are counted, or the page would be below them.
MOST_BANNERS = 3


class _Compiled(BytecodeCache):
    """Templates as this process has compiled them, which takes 50 ms for a large one: once for all languages."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of a template, if there is any."""
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Site:
    """The site of one app."""

    def __init__(self, sessions: Sessions, stop: asyncio.Event | None = None, *, public_url: str | None = None) -> None:
        """`stop` is set when the process is to end: streams end with it. `public_url`: CONEXOES_PUBLIC_URL."""
        public = urlsplit(public_url or "")
        #: Browsers reach us by TLS, whatever the last proxy says.
        self.secure = public.scheme == "https"
        self.public_host = public.netloc.lower()
        self.sessions = sessions
        self.stop = stop or asyncio.Event()
        self.assets = assets.load()
        self.underway = Underway()
        #: An account's overviews count the logs of one type at a time, whoever asks for them.
        self.overview_turns = Places(1, _TURN_SECONDS)
        self._environments = {
            language: _environment(language, catalogue, self.assets) for language, catalogue in languages.load().items()
        }

    def load_templates(self) -> None:
        """Load every template in every language, in about a second: no answer waits for that then."""
        for environment in self._environments.values():
            for name in environment.list_templates():
                environment.get_template(name)

    def page(self, request: Request, who: Visitor, template: str, /, *, status: int = 200, **values: Any) -> Response:
        """Return an answer that is a template."""
        environment = self._environments[who.language]
        common: dict[str, Any] = {
            "request": request,
            "who": who,
            "form_token": "" if who.session is None else self.sessions.form_token(who.session),
            "fragment": is_fragment(request),
            "marketplace": lambda affiliate: request.app.state.playbook().marketplace_of(affiliate),
            "exact": lambda at: times.exact(at, who.locale, who.zone),
            "brief": lambda at: times.brief(at, who.locale, who.zone),
            "relative": lambda at: times.relative(at, who.now, who.locale),
            "is_due": lambda at: at <= who.now,
            "elapsed": lambda at: times.elapsed(at, who.now, who.locale),
            "zone_label": times.zone_label(who.zone, who.now, who.locale),
            "health": getattr(request.state, "health", None),
            "account": None,
            "page": None,
        }
        # Once for a page: a template that imported it would make its macros anew, for each of 200 rows four times.
        marks = environment.get_template(MARKS).make_module(common)
        html = environment.get_template(template).generate({**common, "marks": marks, **values})
        return PageResponse(html, status)


class PageResponse(Response):
    """HTML with the headers of every page, compressed for clients that accept it.

    It is rendered when it is sent, in slices: a page with 200 rows open takes a tenth of a second, for which nobody
    else is to wait.
    """

    def __init__(self, html: Iterator[str], status: int) -> None:
        """`html` gives the parts of the page, as they are rendered."""
        super().__init__(None, status, HEADERS, "text/html; charset=utf-8")
        self._html = html

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slices, parts = Slices(), []
        for part in self._html:
            parts.append(part)
            await slices.end_one()
        self.body = "".join(parts).encode()
        coding = coding_of(Headers(scope=scope).get("accept-encoding", ""))
        if coding is not None and len(self.body) > _WORTH_COMPRESSING_BYTES:
            self.headers["Content-Encoding"] = coding
            if len(self.body) > _QUICKLY_COMPRESSED_BYTES:
                self.body = await asyncio.to_thread(compress, self.body, coding)
            else:
                self.body = compress(self.body, coding)
        self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def show(request: Request, who: Visitor, template: str, /, *, status: int = 200, **values: Any) -> Response:
    """Render a page of the request's app."""
    site: Site = request.app.state.site
    return site.page(request, who, template, status=status, **values)


def is_fragment(request: Request) -> bool:
    """Return True when a script asks for a part, to put into a page that is open."""
    return request.headers.get("hx-request") == "true"


@pass_context
def _number(context: Context, value: float) -> str:
    return _written(value, context["who"].locale)


@lru_cache(1_000, typed=True)
def _written(value: float, locale: Locale) -> str:
    return format_decimal(value, locale=locale)


@pass_context
def _percent(context: Context, value: float) -> str:
    return format_percent(value, "#,##0.#%" if value < 0.1 else "#,##0%", locale=context["who"].locale)


def _short_link(link: str) -> str:
    """Return the host of a link and the last part of its path: what tells one ticket from another."""
    parts = urlsplit(link)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return f"{parts.hostname or ''} … {last}" if last else parts.hostname or ""


def _environment(language: Language, catalogue: Any, files: Mapping[str, assets.Asset]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=_COMPILED,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        asset=lambda name: files[name].url,
        catalogue=CATALOGUE,
        dot=dot_of,
        filter_fields=FIELDS,
        group_name=group_name,
        language=language,
        language_names=languages.NAMES,
        most=MOST,
        most_banners=MOST_BANNERS,
        search_characters=MAX_SEARCH_CHARACTERS,
        say=lambda reason: say(reason, language),
        word=partial(words.word, catalogue, language),
    )
    environment.filters.update(
        breakable=marked,
        json=lambda value: orjson.dumps(value).decode(),
        number=_number,
        percent=_percent,
        short_link=_short_link,
    )
    return environment
