"""What changed in the programme and why, newest first: as a page, and as a feed that any reader of news can follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from bot.conversation.receive import words_for
from bot.event.model import Event
from bot.pages import atom, common
from bot.programme import worded
from bot.programme.history import History, Publication
from bot.programme.versions import Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.formats import base, own_name
from bot.text.words import Words

HEADERS = common.SECURITY | {"Cache-Control": "public, max-age=60", "Vary": "Accept, Accept-Language"}


@dataclass(frozen=True, slots=True)
class Item:
    """A session in a publication. link: to its page, "" where it has none any more."""

    title: str
    link: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    """A publication in one language. reason: "" where none is given. at: for machines."""

    number: int
    heading: str
    at: str
    reason: str
    items: Sequence[Item]


class Changes:
    def __init__(self, store: Store, versions: Versions, history: History, public_url: str = "") -> None:
        """public_url: the address that links in the feed begin with, "" for the one that was asked."""
        self._store, self._versions, self._history, self._public_url = store, versions, history, public_url

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/changes", self.page)
        app.router.add_get("/changes.atom", self.feed)

    async def page(self, request: web.Request) -> web.Response:
        """`?lang=` or the browser's language; the feed for whoever would rather have that."""
        if _prefers_feed(request.headers.get("Accept", "")):
            return await self.feed(request)
        body = await self._store.read(self._page, common.asked(request))
        return common.answer(request, body, "text/html", HEADERS)

    async def feed(self, request: web.Request) -> web.Response:
        body = await self._store.read(self._feed, common.asked(request), self._address(request))
        return common.answer(request, body, atom.TYPE, HEADERS)

    def _address(self, request: web.Request) -> URL:
        return URL(self._public_url) if self._public_url else request.url.origin()

    def _page(self, tx: Transaction, asked: Sequence[str]) -> str:
        event, say = self._reader(tx, asked)
        return common.TEMPLATES.get_template("changes.html").render(
            say=say,
            say_p=say.p,
            lang=common.tag(say.language),
            language=say.language,
            languages=[(each, common.tag(each), own_name(each)) for each in _offered(event)],
            event_name=event.details.name.in_(say.language),
            city=event.details.city.in_(say.language),
            groups=[_group(each, event, say) for each in self._history.newest(tx)],
        )

    def _feed(self, tx: Transaction, asked: Sequence[str], address: URL) -> str:
        event, say = self._reader(tx, asked)
        groups = [(each, _group(each, event, say)) for each in self._history.newest(tx)]
        began, name, query = self._history.began(tx), event.details.name.in_(say.language), {"lang": say.language}
        page = (address / "changes").with_query(query)
        host = page.host or "localhost"
        return atom.feed(
            atom.Feed(
                id=atom.tag(host, began, f"{event.details.id}/changes/{say.language}"),
                language=common.tag(say.language),
                title=say.text("{event}: programme changes", event=name),
                author=name,
                updated=groups[0][0].published_at if groups else began,
                address=str((address / "changes.atom").with_query(query)),
                page=str(page),
                entries=[
                    atom.Entry(
                        # The same in every language: it is one piece of news.
                        id=atom.tag(host, each.published_at, f"{each.new.details.id}/changes/{each.number}"),
                        title=" · ".join(item.title for item in group.items),
                        updated=each.published_at,
                        page=str(page.with_fragment(f"v{each.number}")),
                        reason=group.reason,
                        items=[
                            (item.title, str(address.join(URL(item.link))) if item.link else "", item.lines)
                            for item in group.items
                        ],
                    )
                    for each, group in groups
                ],
            )
        )

    def _reader(self, tx: Transaction, asked: Sequence[str]) -> tuple[Event, Words]:
        published = self._versions.current(tx)
        assert published is not None
        return published.event, words_for(published, common.language(asked, published.event))


def _offered(event: Event) -> Sequence[str]:
    """The languages to choose from, the two scripts of Chinese beside each other."""
    return sorted(event.details.scripts, key=lambda each: event.details.languages.index(base(each)))


def _group(publication: Publication, event: Event, say: Words) -> Group:
    """event: as it is now, for what has a page of its own."""
    at = publication.published_at
    reason = publication.reason.in_(say.language)
    return Group(
        number=publication.number,
        heading=say.text("Published {date} at {time}", date=say.date(at, year=True), time=say.time(at)),
        at=atom.moment(at),
        reason=say.text("Why: {reason}", reason=reason) if reason else "",
        items=[
            Item(
                title=said.session.title.in_(say.language),
                link=f"/s/{said.session.id}?lang={say.language}" if said.session.id in event.session else "",
                lines=said.lines,
            )
            for said in worded.publication(publication, say)
        ],
    )


def _prefers_feed(accept: str) -> bool:
    """Whether an Accept header wants the feed more than a page; it must name it."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(",")[: common.TAGS_READ]:
        name, _, weight = part.replace(" ", "").partition(";q=")
        try:
            weights[name] = float(weight or 1)
        except ValueError:
            continue
    return weights.get(atom.TYPE, 0) > weights.get("text/html", 0)
