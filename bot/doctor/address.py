"""The public address: whether it leads to a running bot, as Telegram and phones would find it."""

import asyncio
import ipaddress
import json
import socket
from urllib.parse import urlsplit

import aiohttp

from bot.findings import Finding, fault, ok, warning
from bot.settings import Settings

ABOUT = "public address"
SECONDS = 10.0


async def check(settings: Settings) -> list[Finding]:
    url = settings.public_url
    if not url:
        what = "none: links, QR codes and webhooks have nowhere to lead"
        return [warning(ABOUT, what, "set PASSERELLE_PUBLIC_URL to the https address of a proxy before this bot")]
    found = [await _resolved(urlsplit(url).hostname or "")]
    if not url.startswith("https://"):
        do = "serve it over https: Telegram, calendars and the page's installation ask for it"
        found.append(warning(ABOUT, f"{url} is not https", do))
    return [*found, await _answers(url)]


async def _resolved(host: str) -> Finding:
    loop = asyncio.get_running_loop()
    try:
        where = {info[4][0] for info in await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return fault(ABOUT, f"{host} has no address", "add it to the DNS, or mend PASSERELLE_PUBLIC_URL")
    if all(not ipaddress.ip_address(str(each).partition("%")[0]).is_global for each in where):
        return warning(ABOUT, f"{host} is an address of this network alone", "others reach it only from here")
    return ok(ABOUT, f"{host} is known to the DNS")


async def _answers(url: str) -> Finding:
    proxy = "let the proxy pass everything below that address on to PASSERELLE_HOST and PASSERELLE_PORT"
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as http:
        try:
            async with http.get(url + "/healthz", allow_redirects=False) as answer:
                body = await answer.text()
        except aiohttp.ClientConnectorCertificateError as error:
            return fault(ABOUT, f"its certificate is refused: {error.certificate_error}", "renew it, with its chain")
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            return fault(ABOUT, f"{url} cannot be reached: {type(error).__name__}", f"start the bot; {proxy}")
    if answer.status in (502, 503, 504):
        return fault(ABOUT, f"the proxy answers {answer.status}", f"start the bot; {proxy}")
    try:
        is_ours = answer.status == 200 and json.loads(body).get("status") == "up"
    except (ValueError, AttributeError):
        is_ours = False
    if not is_ours:
        return fault(ABOUT, f"{url}/healthz answers {answer.status}, and not as this bot does", proxy)
    return ok(ABOUT, f"{url} leads to a running bot")
