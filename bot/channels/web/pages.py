"""The page, its manifest, its service worker and its static files. Nothing in them is personal: the
conversation comes later, by JSON."""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from bot.channels.web.identity import Identity, new_address
from bot.channels.web.site import Site, choose_language, own_name, tag
from bot.clock import Clock
from bot.text.formats import capital
from bot.text.words import Words

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
LANGUAGE_SECONDS = 2 * 365 * 24 * 3600
FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
}
SERVICE_WORKER = "sw.js"  # served from the root, since it rules over what lies below its address
SCRIPTS = ("main.js", "language.js", "store.js", "wire.js", "log.js", "programme.js", "wechat.js")
LIGHT, DARK = "#f6f4ef", "#101514"
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Static:
    """A file of static/, as it goes over the wire. packed: gzip, empty where that gains nothing."""

    content: bytes
    packed: bytes
    content_type: str


class Pages:
    """Answers the GETs that are no stream. Reads its files once."""

    def __init__(self, *, identity: Identity, site: Callable[[], Site], clock: Clock) -> None:
        self._identity = identity
        self._site = site
        self._clock = clock
        self._static = {path.name: _read(path) for path in sorted((HERE / "static").iterdir()) if path.suffix in TYPES}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        template = (HERE / "templates" / "chat.html").read_bytes()
        self._version = hashlib.sha256(template + b"".join(s.content for s in self._static.values())).hexdigest()[:10]

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self._page)
        app.router.add_get("/manifest.webmanifest", self._manifest)
        app.router.add_get(f"/{SERVICE_WORKER}", self._service_worker)
        app.router.add_get("/static/{version}/{name}", self._static_file)
        app.router.add_get("/favicon.ico", self._icon)  # asked for by every page that names none

    def language(self, request: web.Request) -> str:
        """?lang=, then the cookie, then what the browser accepts, then the event's own."""
        asked, kept = request.query.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, "")
        return choose_language(self._site(), asked, kept, accept=request.headers.get("Accept-Language", ""))

    async def _page(self, request: web.Request) -> web.Response:
        site, language = self._site(), self.language(request)
        response = web.Response(
            text=self._environment.get_template("chat.html").render(self._facts(site, language)),
            content_type="text/html",
            headers=SECURITY | {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"},
        )
        response.enable_compression()
        self._identity.write(response, self._identity.read(request) or new_address())
        # A script that stores the page in every language ("empty") does not choose one.
        if request.query.get("lang") and request.headers.get("Sec-Fetch-Dest") != "empty":
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_SECONDS, samesite="Lax", path="/")
        return response

    def _facts(self, site: Site, language: str) -> dict[str, Any]:
        say = site.words[language]
        switch = [(each, own_name(each)) for each in site.languages]
        if language == "zh-Hant":
            switch = [(language, own_name(language)) if each == "zh" else (each, name) for each, name in switch]
        return {
            "say": say,
            "say_p": say.p,
            "say_n": say.n,
            "tag": tag,
            "language": language,
            "switch": switch,
            "name": site.name(language),
            "short_name": site.short_name(language),
            "static": f"/static/{self._version}",
            "scripts": SCRIPTS,
            "light": LIGHT,
            "dark": DARK,
            "words": script_words(say),
            "today": say.date(self._clock.now(), year=True) if site.clock_notice else "",
        }

    async def _manifest(self, request: web.Request) -> web.Response:
        site, language = self._site(), self.language(request)
        icons = [
            {"src": f"/static/{self._version}/icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"}
            for side in (192, 512)
        ]
        manifest = {
            "id": "/",
            "name": site.name(language),
            "short_name": capital(site.short_name(language)),
            "lang": tag(language),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": LIGHT,
            "theme_color": LIGHT,
            "icons": [icon | {"purpose": purpose} for icon in icons for purpose in ("any", "maskable")],
        }
        return web.json_response(
            manifest, content_type="application/manifest+json", headers={"Cache-Control": "private, no-cache"}
        )

    async def _service_worker(self, request: web.Request) -> web.Response:
        site = self._site()
        languages = [*site.languages, *(["zh-Hant"] if "zh-Hant" in site.words else [])]
        shell = {
            "version": self._version,
            "files": [f"/static/{self._version}/{name}" for name in ("chat.css", *SCRIPTS, "icon.svg")],
            "pages": ["/", *(f"/?lang={language}" for language in languages)],
        }
        script = f"const SHELL = {json.dumps(shell)};\n".encode() + self._static[SERVICE_WORKER].content
        response = web.Response(
            body=script,
            headers={"Content-Type": TYPES[".js"], "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"},
        )
        response.enable_compression()
        return response

    async def _static_file(self, request: web.Request) -> web.Response:
        static = self._static.get(request.match_info["name"])
        if static is None:
            raise web.HTTPNotFound
        is_ours = request.match_info["version"] == self._version  # else a page of another version asks
        return self._file(request, static, is_ours=is_ours)

    async def _icon(self, request: web.Request) -> web.Response:
        return self._file(request, self._static["icon.svg"], is_ours=False)

    @staticmethod
    def _file(request: web.Request, static: "Static", *, is_ours: bool) -> web.Response:
        headers = {
            "Content-Type": static.content_type,
            "Cache-Control": FOREVER if is_ours else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if static.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=static.packed, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=static.content, headers=headers)


def script_words(say: Words) -> Mapping[str, str]:
    """What the scripts say."""
    return {
        "you": say.p("author", "You:"),
        "online": say.p("connection", "Online"),
        "connecting": say.text("Connecting…"),
        "offline": say.p("connection", "Offline"),
        "sending": say.text("Sending…"),
        "queued": say.text("Will be sent when the network is back"),
        "refused": say.text("Not sent"),
        "retry": say.p("button", "Try again"),
        # Translators: over an announcement whose text was replaced by this one
        "corrected": say.p("message", "Corrected"),
        "withdrawn": say.text("This announcement was withdrawn."),
        "no_programme": say.text("The programme could not be loaded. It will be here once the network is back."),
        "places": say.p("heading", "Places"),
        "in_chat": say.p("button", "Open in the chat"),
    }


def _read(path: Path) -> Static:
    content = path.read_bytes()
    packed = b"" if path.suffix == ".png" else gzip.compress(content, 9, mtime=0)
    return Static(content, packed, TYPES[path.suffix])
