"""The whole programme and all places as worded JSON, which a phone keeps to read without a network."""

import json
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.conversation.receive import words_for
from bot.event.model import Event, Session
from bot.people import accounts
from bot.programme import facts, queries
from bot.programme.versions import Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.words import Words


class Offline:
    def __init__(self, store: Store, versions: Versions, clock: Clock) -> None:
        self._store, self._versions, self._clock = store, versions, clock

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/programme.json", self.programme)

    async def programme(self, request: web.Request) -> web.Response:
        """`?lang=` picks the language; the answer says as of when it is."""
        body = await self._store.read(self._programme, request.query.get("lang", ""))
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        response = web.json_response(text=text, headers={"Cache-Control": "no-cache"})
        response.enable_compression()
        return response

    def _programme(self, tx: Transaction, wanted: str) -> dict[str, Any]:
        published = self._versions.current(tx)
        assert published is not None
        event = published.event
        say = words_for(published, accounts.nearest(wanted, event.details.languages, event.default_language))
        now = self._clock.now()
        return {
            "event": {
                "name": event.details.name.in_(say.language),
                "short_name": event.details.short_name.in_(say.language),
                "dates": say.days(event.details.starts, event.details.ends),
                "zone_note": say.text("All times are local to {city}.", city=event.details.city.in_(say.language)),
            },
            "language": say.language,
            "version": published.number,
            "as_of": say.text("As of {date}, {time}", date=say.date(now, year=True), time=say.time(now)),
            "labels": {"programme": say.p("button", "Programme"), "places": say.p("button", "Places and maps")},
            "days": list(_days(event, say)),
            "places": [
                {
                    "id": place.id,
                    "name": place.name.in_(say.language),
                    "address": place.address,
                    "directions": place.directions.in_(say.language) if place.directions else "",
                }
                for place in event.places
            ],
        }


def _days(event: Event, say: Words) -> list[dict[str, Any]]:
    out = []
    for day in (*queries.days(event), None):
        chosen = queries.on_day(event, day)
        if chosen:
            title = say.date(day) if day else say.text("Date to be confirmed")
            out.append({"title": title, "sessions": [_session(event, session, say) for session in chosen]})
    return out


def _session(event: Event, session: Session, say: Words) -> dict[str, Any]:
    status, note = {
        "confirmed": ("", ""),
        "provisional": (say.p("status", "Provisional"), say.text("Provisional: this may still change.")),
        "cancelled": (say.p("status", "Cancelled"), say.text("This session is cancelled.")),
    }[session.status.value]
    theme = event.theme.get(session.theme or "")
    people = facts.people(event, session, say)
    return {
        "id": session.id,
        "title": session.title.in_(say.language),
        "time": facts.hour(session, say) if session.day else facts.to_be_confirmed(say),
        "place": say.text("Where: {place}", place=facts.place_name(event, session, say)),
        "theme": theme.name.in_(say.language) if theme else "",
        "people": say.text("With: {people}", people=people) if people else "",
        "status": status,
        "status_note": note,
        "abstract": str(say.markup(session.abstract.in_(say.language))) if session.abstract else "",
    }
