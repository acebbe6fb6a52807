"""What the public pages share: templates, the reader's language, and answers that a browser need not fetch twice."""

import hashlib
from collections.abc import Mapping, Sequence

from aiohttp import ETag, web
from jinja2 import Environment, PackageLoader

from bot.event.model import Event
from bot.people import accounts

TEMPLATES = Environment(loader=PackageLoader("bot.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
TAGS_READ = 20  # of an Accept-Language at most
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


def asked(request: web.Request) -> Sequence[str]:
    """The languages that a reader asks for, as BCP 47 tags: `?lang=`, then the browser's in its order."""
    accepted = request.headers.get("Accept-Language", "").split(",")[:TAGS_READ]
    return [request.query.get("lang", ""), *(tag.partition(";")[0].strip() for tag in accepted)]


def language(wanted: Sequence[str], event: Event) -> str:
    """The first of `wanted` that the event speaks, else its own."""
    spoken = event.details.languages
    return next((found for tag in wanted if (found := accounts.nearest(tag, spoken))), event.default_language)


def tag(language: str) -> str:
    """`language` for a lang attribute: Chinese names its script, by which a browser picks its signs."""
    return "zh-Hans" if language == "zh" else language


def answer(request: web.Request, body: str, content_type: str, headers: Mapping[str, str]) -> web.Response:
    """`body`, or 304 where the reader has it already."""
    etag = ETag(hashlib.sha256(body.encode()).hexdigest()[:24])
    if any(known.value in (etag.value, "*") for known in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(text=body, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
    response.etag = etag
    return response
