"""A session's public page: what the QR code on a room's door opens. Leads into the chat."""

from aiohttp import web
from jinja2 import Environment, PackageLoader

from bot.conversation.receive import words_for
from bot.people import accounts
from bot.programme import facts
from bot.programme.versions import Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction

TEMPLATES = Environment(loader=PackageLoader("bot.pages"), autoescape=True)


class SessionPages:
    def __init__(self, store: Store, versions: Versions) -> None:
        self._store, self._versions = store, versions

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/s/{session}", self.page)

    async def page(self, request: web.Request) -> web.Response:
        """`?lang=` or the browser's language; an unknown session leads to the chat all the same."""
        asked = request.query.get("lang") or request.headers.get("Accept-Language", "").split(",")[0]
        body, status = await self._store.read(self._page, request.match_info["session"], asked)
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=body, content_type="text/html", status=status, headers=headers)

    def _page(self, tx: Transaction, session_id: str, asked: str) -> tuple[str, int]:
        published = self._versions.current(tx)
        assert published is not None
        event = published.event
        say = words_for(published, accounts.nearest(asked, event.details.languages, event.default_language))
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
        page = TEMPLATES.get_template("session.html").render(
            lang="zh-Hans" if say.language == "zh" else say.language,
            title=title,
            lines=lines,
            link=link,
            open_chat=say.p("button", "Open the chat"),
        )
        return page, 200 if session else 404
