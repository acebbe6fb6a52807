"""A session's public page: what the QR code on a room's door opens. Leads into the chat."""

from collections.abc import Callable, Sequence

from aiohttp import web

from bot import qr
from bot.chat.links import Link
from bot.conversation.receive import words_for
from bot.pages import common
from bot.programme import facts
from bot.programme.versions import Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction

SECURITY = common.SECURITY | {
    "Content-Security-Policy": common.SECURITY["Content-Security-Policy"] + "; img-src 'self'"
}


def page_url(public_url: str, session_id: str) -> str:
    """The address of a session's page: what its QR code carries."""
    return f"{public_url.rstrip('/')}/s/{session_id}"


class SessionPages:
    def __init__(
        self,
        store: Store,
        versions: Versions,
        public_url: str,
        *,
        code: Callable[[Transaction, str], str] | None = None,
        telegram: Callable[[], str] = str,
    ) -> None:
        """public_url: of the codes, "" where there is none. code: where the code is drawn that opens a session on
        WeChat, "" where there is none. telegram: what opens a chat there, before the link's payload; "" where that is
        not known."""
        self._store, self._versions, self._public_url = store, versions, public_url
        self._code, self._telegram = code, telegram

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/s/{session}", self.page)
        app.router.add_get(r"/s/{session}/qr.{kind:png|svg}", self.picture)

    async def picture(self, request: web.Request) -> web.Response:
        """The session's QR code, as on its door: for slides and signs of one's own."""
        id_, kind = request.match_info["session"], request.match_info["kind"]
        published = await self._store.read(self._versions.current)
        if not self._public_url or published is None or id_ not in published.event.session:
            raise web.HTTPNotFound
        draw, media_type = qr.PICTURES[kind]
        headers = common.SECURITY | {"Cache-Control": "public, max-age=86400"}
        return web.Response(body=draw(page_url(self._public_url, id_)), content_type=media_type, headers=headers)

    async def page(self, request: web.Request) -> web.Response:
        """`?lang=` or the browser's language; an unknown session leads to the chat all the same."""
        body, status = await self._store.read(self._page, request.match_info["session"], common.asked(request))
        return web.Response(text=body, content_type="text/html", status=status, headers=SECURITY)

    def _page(self, tx: Transaction, session_id: str, asked: Sequence[str]) -> tuple[str, int]:
        published = self._versions.current(tx)
        assert published is not None
        event = published.event
        say = words_for(published, common.language(asked, event))
        session = event.session.get(session_id)
        link = f"/?start=s_{session_id}&lang={say.language}" if session else f"/?lang={say.language}"
        if session is None:
            title, lines = (
                event.details.short_name.in_(say.language),
                [say.text("This session is no longer in the programme.")],
            )
        else:
            title = session.title.in_(say.language)
            standing = {
                "confirmed": [],
                "provisional": [say.text("Provisional: this may still change.")],
                "cancelled": [say.text("This session is cancelled.")],
            }
            lines = [
                *standing[session.status.value],
                say.text("When: {when}", when=facts.when(session, say)),
                say.text("Where: {place}", place=facts.place_name(event, session, say)),
            ]
            lines += [say.text("With: {people}", people=who)] if (who := facts.people(event, session, say)) else []
            lines += [str(say.markup(session.abstract.in_(say.language)))] if session.abstract else []
        page = common.TEMPLATES.get_template("session.html").render(
            lang=common.tag(say.language),
            title=title,
            lines=lines,
            link=link,
            open_chat=say.p("button", "Open the chat"),
            telegram=chat + Link(session=session_id, language=say.language).pack()
            if session and (chat := self._telegram())
            else "",
            in_telegram=say.p("button", "Open in Telegram"),
            code=self._code(tx, session_id) if session and self._code else "",
            in_wechat=say.text("On WeChat: hold your finger on the code, or scan it."),
        )
        return page, 200 if session else 404
