"""A session's public page: what the QR code on a room's door opens. Leads into the chat."""

from aiohttp import web
from markupsafe import Markup as Html
from markupsafe import escape

from bot.conversation.receive import words_for
from bot.people import accounts
from bot.programme import facts
from bot.programme.versions import Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction

STYLE = (
    "h1{font-size:1.4rem;line-height:1.3}body{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}"
    "a.chat{display:inline-block;padding:.8rem 1.2rem;border-radius:.8rem;background:#1f4e79;color:#fff;"
    "text-decoration:none}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}"
)


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
            lines = [
                say.text("When: {when}", when=facts.when(session, say)),
                say.text("Where: {place}", place=facts.place_name(event, session, say)),
            ]
            lines += [line] if (line := facts.people(event, session, say)) else []
            lines += [str(say.markup(session.abstract.in_(say.language)))] if session.abstract else []
        paragraphs = Html("").join(Html("<p>{}</p>").format(line) for line in lines)
        page = Html(
            '<!doctype html><html lang="{lang}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
            "<style>{style}</style><main><h1>{title}</h1>{paragraphs}"
            '<p><a class="chat" href="{link}">{open}</a></p></main></html>'
        ).format(
            lang="zh-Hans" if say.language == "zh" else say.language,
            title=title,
            style=Html(STYLE),
            paragraphs=paragraphs,
            link=link,
            open=escape(say.p("button", "Open the chat")),
        )
        return str(page), 200 if session else 404
