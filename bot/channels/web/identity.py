"""Who a browser is: 256 random bits in a signed cookie, and whether a request came from our own page.

The random part is the account's address. Whoever reads it in the database cannot make the cookie.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import web
from itsdangerous import BadSignature, Signer

COOKIE = "passerelle"
SALT = "passerelle.web.browser"
ADDRESS_BYTES = 32
LIFETIME_SECONDS = 2 * 365 * 24 * 3600  # browsers shorten it (Chrome: 400 days); each visit renews it


class Identity:
    """Reads and writes the cookie. secure: only ever sent over https."""

    def __init__(self, secret_key: str, *, secure: bool) -> None:
        self._signer = Signer(secret_key, salt=SALT, digest_method=hashlib.sha256)
        self._secure = secure

    def read(self, request: web.Request) -> str:
        """The browser's address, "" where it has none that we signed."""
        try:
            return self._signer.unsign(request.cookies.get(COOKIE, "")).decode()
        except (BadSignature, UnicodeError):
            return ""

    def write(self, response: web.StreamResponse, address: str) -> None:
        response.set_cookie(
            COOKIE,
            self._signer.sign(address).decode(),
            max_age=LIFETIME_SECONDS,
            httponly=True,
            secure=self._secure,
            samesite="Lax",
            path="/",
        )


def new_address() -> str:
    return secrets.token_urlsafe(ADDRESS_BYTES)


def address_of(secret_key: str, *account: str) -> str:
    """The address of whoever is known by that account elsewhere: the same each time, and not to be guessed from it."""
    told = hmac.new(secret_key.encode(), "\n".join(account).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(told.digest()).decode().rstrip("=")


def fingerprint(address: str) -> str:
    """A short name for an address, which may be shown to its own page; the address cannot be had from it."""
    return hashlib.sha256(address.encode()).hexdigest()[:16] if address else ""


def is_from_our_page(request: web.Request) -> bool:
    """Whether the browser says that this site's own page sent it. What says nothing is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")  # all that a page without https sends
    return origin is None or urlsplit(origin).netloc == request.host
