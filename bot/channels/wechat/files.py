"""Files made for a person, behind an address of their own: a chat of WeChat's carries none that we could send. And
those by which WeChat sees whose domain this is."""

import asyncio
from pathlib import Path
from urllib.parse import quote

from aiohttp import web
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.delivery import outbox
from bot.store.threads import Store

SALT = "passerelle.wechat.file"
CHECKS = Path("var/wechat")
LIFETIME_SECONDS = 7 * 24 * 3600
IN_WECHAT = "MicroMessenger"  # its browser saves no file: another one has to be opened
PAGE = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{name}</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;margin:0;padding:4.5rem 1.5rem 2rem;background:#f6f4ef;color:#1b2422}}
.up{{position:fixed;top:.5rem;right:1.2rem;font-size:2.5rem}}</style>
<div class="up" aria-hidden="true">↗</div>
<h1>{name}</h1>
<p lang="zh-Hans">微信里不能保存文件。请点右上角“···”，选择“在浏览器中打开”。</p>
<p lang="fr">WeChat n’enregistre pas de fichier. Touchez « ··· » en haut,
puis « Ouvrir dans le navigateur ».</p>
<p lang="en">WeChat saves no files. Tap “···” at the top right, then “Open in browser”.</p></html>"""


class Files:
    def __init__(self, store: Store, *, secret_key: str, base_url: str) -> None:
        self._store, self._base_url = store, base_url
        self._signer = URLSafeTimedSerializer(secret_key, salt=SALT)

    def address(self, address: str, sequence: int) -> str:
        """Where the file of that message is had, for a week, by whoever has the address."""
        return f"{self._base_url}/wechat/files/{self._signer.dumps([address, sequence])}"

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/wechat/files/{token}", self._file)
        app.router.add_get(r"/{name:MP_verify_\w{1,64}\.txt}", self._check)

    async def _check(self, request: web.Request) -> web.Response:
        """As the operator has put it there: made up from its name it would vouch for anybody's account."""
        path = CHECKS / request.match_info["name"]
        if not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        return web.Response(text=await asyncio.to_thread(path.read_text, "ascii", "replace"), content_type="text/plain")

    async def _file(self, request: web.Request) -> web.Response:
        try:
            address, sequence = self._signer.loads(request.match_info["token"], max_age=LIFETIME_SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise web.HTTPNotFound from None
        body = await self._store.read(outbox.one, "wechat", str(address), int(sequence))
        file = (body or {}).get("file")
        if not file:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        if IN_WECHAT in request.headers.get("User-Agent", ""):
            page = PAGE.format(name=file["name"].replace("<", ""))
            headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
            return web.Response(text=page, content_type="text/html", headers=headers)
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file['name'])}"
        return web.Response(text=file["content"], content_type=file["type"], charset="utf-8", headers=headers)
